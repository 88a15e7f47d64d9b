#!/usr/bin/env bash
# Makes .venv-hosts: the hosts of our integrations beside what their tests need, all pinned in
# requirements-hosts.txt. Does nothing when it is right already. With --lock it regenerates the pins
# from pyproject.toml and stops.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

VENV=.venv-hosts
PINS=requirements-hosts.txt
# What the hosts ask for and nothing of theirs that we run imports: models, clouds, validators.
LEFT_OUT=(
    accelerate boto3 google-genai google-generativeai gradio mistralai stop-sequencer vllm
    bitsandbytes deepspeed einops flash-attn loralib optimum optree peft pylatexenc pynvml tensorboard
    torch torchdata torchmetrics transformers-stream-generator wandb
    anyascii asciichartpy duckdb faker jsonpath-rust-bindings lxml marko sqlfluff
)
# Where two hosts want other versions: nothing of verifiers' that we run needs its own.
AGREED='mcp<2'

lock_pins() {
    local build_requires
    if [[ ! -x .venv/bin/uv ]]; then
        step "install uv" .venv/bin/python -m pip install uv
    fi
    build_requires=$(.venv/bin/python -c '
import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")')
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
        --extra service --extra client --group pyproject.toml:dev --group pyproject.toml:hosts \
        --override <(printf '%s; python_version < "3"\n' "${LEFT_OUT[@]}" && say "$AGREED") \
        --output-file $PINS pyproject.toml - <<<"$build_requires" >/dev/null
    say "$PINS: $(grep -c == $PINS) packages"
}

hosts_stamp() {
    { $VENV/bin/python -VV && cat $PINS pyproject.toml; } | cksum
}

make_environment
if [[ ${1:-} == --lock ]]; then
    lock_pins
    exit
fi
if ! is_new_enough $VENV/bin/python || ! grep -qF "$(pwd -P)/$VENV" $VENV/bin/activate; then
    step "create $VENV" .venv/bin/python -m venv --clear "$(pwd -P)/$VENV"
    # Neither git nor the linter looks inside.
    printf '*\n' >$VENV/.gitignore
fi
if [[ ! -f $VENV/veristone-stamp || $(hosts_stamp) != "$(<$VENV/veristone-stamp)" ]]; then
    # The list is complete but for what is left out, so nothing is resolved. Most of it is never
    # imported: compiling it would take longer than installing it.
    step "install the hosts" \
        $VENV/bin/python -m pip install --no-deps --no-compile --require-hashes -r $PINS
    install_veristone $VENV
    hosts_stamp >$VENV/veristone-stamp
fi

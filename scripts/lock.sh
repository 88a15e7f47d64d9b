#!/usr/bin/env bash
# Regenerates the locks from pyproject.toml. What is locked already stays at its version unless
# pyproject.toml forbids it; `make lock ARGS=--upgrade` moves everything.
#   requirements.lock       development: runtime, extras, tools and the build back end
#   requirements-base.lock  the service image: runtime, the service and the build back end, same versions
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_venv
if [[ ! -x .venv/bin/uv ]]; then
    step "install uv" .venv/bin/python -m pip install uv
fi

# The build back end is locked with the rest, so that installing the project fetches nothing unseen.
build_requires=$(.venv/bin/python -c '
import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")')

# compile_lock OUTPUT OPTION...: no header, no annotations, no index: nothing of this machine's.
compile_lock() {
    local output=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
        "$@" --output-file "$output" pyproject.toml - <<<"$build_requires"
}

# Without the extras that bring torch: see pyproject.toml.
compile_lock requirements.lock --extra service --extra client --extra otel --extra redis --extra seeds --extra generate --extra report --group pyproject.toml:dev "$@"
compile_lock requirements-base.lock --extra service --constraint requirements.lock
say "requirements.lock: $(grep -c == requirements.lock) packages," \
    "requirements-base.lock: $(grep -c == requirements-base.lock)"

#!/usr/bin/env bash
# The whole self-alignment loop on a tiny model, on the CPU: everything it needs, then
# `veristone loop`. Started again it goes on where it was. Results lie in .loop/.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/models.sh --without-vllm
# One environment is enough, and a minute less than two.
ENVIRONMENT=.venv-models
make_bubblewrap || true
if docker_answers; then
    make_docker_image || true
fi

exec .venv-models/bin/veristone loop -o .loop "$@"

#!/usr/bin/env bash
# The test suite, with whatever back ends this machine can offer. A back end that cannot be made is
# left to the tests themselves: they skip what needs it, and fail instead where CI=true.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_environment
make_bubblewrap || true
if docker_answers; then
    make_docker_image || true
fi

exec .venv/bin/python -m pytest "$@"

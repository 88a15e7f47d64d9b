#!/usr/bin/env bash
# The test suite, with whatever back ends this machine can offer: bubblewrap and redis-server are
# installed where that can be done. What a back end still lacks is left to the tests, which skip what
# needs it, and fail instead where CI=true. `--only MARK` runs the tests with that mark; any other
# arguments go to pytest as they are.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_environment
make_bubblewrap || true
make_redis || true
if docker_answers; then
    make_docker_image || true
fi

only=
if [[ ${1:-} == --only ]]; then
    only="$2 and " && shift 2
fi
# Compiled once, and not anew in each of the many processes that tests start.
unset PYTHONDONTWRITEBYTECODE
if (($#)); then
    exec .venv/bin/python -m pytest "$@"
fi

# Side by side, more than there are cores: many tests wait for processes; in the order that
# tests/conftest.py gives the files. Then, one by one, those that look at the whole machine or at the
# clock.
rc=0
.venv/bin/python -m pytest -n "$(($(nproc) + 1))" --dist loadfile --no-loadscope-reorder \
    -m "${only}not alone" || rc=$?
code=0
mapfile -t files < <(grep -rl --include='test_*.py' 'mark\.alone' tests)
.venv/bin/python -m pytest -m "${only}alone" "${files[@]}" || code=$?
# 5: there is none with that mark.
((rc)) || ((code == 5)) || rc=$code
exit "$rc"

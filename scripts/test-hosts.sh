#!/usr/bin/env bash
# The tests that run the hosts' own clients and scripts: pytest -m hosts in .venv-hosts. There a host
# that cannot be imported is a failure and no skip.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/hosts.sh
make_bubblewrap || true
mapfile -t files < <(grep -rl --include='test_*.py' 'mark\.hosts' tests)
# Their warnings are theirs.
exec .venv-hosts/bin/python -m pytest -W ignore -m hosts "${files[@]}" "$@"

#!/usr/bin/env bash
# Lint, formatting and types. All three run, so that one round of repairs is enough.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_environment
rc=0
.venv/bin/ruff check . || rc=$?
.venv/bin/ruff format --check . || ((rc)) || rc=1
# Pyright's own advice to upgrade is noise: its version is locked.
PYRIGHT_PYTHON_IGNORE_WARNINGS=1 .venv/bin/pyright || ((rc)) || rc=1
exit "$rc"

#!/usr/bin/env bash
# Makes .venv or brings it up to date; does nothing when it is right already.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_environment

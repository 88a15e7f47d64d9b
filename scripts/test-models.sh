#!/usr/bin/env bash
# The tests that run real language models: pytest -m "models or vllm" in .venv-models. No GPU and no
# network is used; the model is a tiny one that the tests train themselves. With --without-vllm as
# the first argument vLLM is not installed, and its tests are skipped.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ ${1:-} == --without-vllm ]]; then
    scripts/models.sh "$1"
    shift
else
    scripts/models.sh
fi

# Torch with two threads becomes up to twenty times slower when anything else runs on the machine.
export OMP_NUM_THREADS=1
export HF_HUB_OFFLINE=1 VLLM_NO_USAGE_STATS=1
# GiB of a CPU engine's key-value cache. Without it vLLM takes what it finds.
export VLLM_CPU_KVCACHE_SPACE=1

exec .venv-models/bin/python -m pytest -m "models or vllm" "$@"

#!/usr/bin/env bash
# What a user gets: the wheel in an empty environment. Runs README's example in Python, `veristone
# verify` on README's samples and `veristone doctor`, away from the checkout.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

make_environment
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step "build the wheel" .venv/bin/python -m pip wheel --no-deps --no-build-isolation \
    --wheel-dir "$work" .
wheels=("$work"/veristone-*.whl)
step "create an empty environment" .venv/bin/python -m venv "$work/venv"
step "install the wheel" "$work/venv/bin/pip" install --quiet "${wheels[0]}"
.venv/bin/python - README.md "$work" <<'END'
import pathlib
import re
import sys

readme, work = pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2])
(example,) = [text for text in re.findall(r"```python\n(.*?)```", readme, re.S) if "Engine" in text]
(work / "example.py").write_text(example)
samples = re.findall(r"^\{\"id\".*\"check\".*\}$", readme, re.M)
assert len(samples) == 2, samples
(work / "samples.jsonl").write_text("\n".join(samples) + "\n")
END
cd "$work"
say "--- README's example"
[[ $(venv/bin/python example.py) == "pass passed" ]] || die "README's example says something else"
say "--- veristone verify"
# Two samples, one wrong: exit status 0, two verdicts.
venv/bin/veristone verify samples.jsonl >verdicts.jsonl
[[ $(wc -l <verdicts.jsonl) == 2 ]] || die "veristone verify gave no two verdicts"
grep -q '"early_exit"' verdicts.jsonl || die "veristone verify believes an early exit"
say "--- veristone doctor"
venv/bin/veristone doctor
# Nothing but `veristone` is visible, and nothing heavy came with it.
venv/bin/python - <<'END'
import importlib.util

found = [
    name
    for name in ("engine", "generators", "training", "loop", "audit", "cli", "sandbox_images", "torch", "vllm")
    if importlib.util.find_spec(name)
]
assert not found, found
END
say "the wheel works in an empty environment"

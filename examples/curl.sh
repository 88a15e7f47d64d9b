#!/usr/bin/env bash
# The service with curl alone. First: veristone serve
#   examples/curl.sh [http://127.0.0.1:8080]
set -euo pipefail
url=${1:-http://127.0.0.1:8080}
post() { curl -sS --fail-with-body "$url$1" -H 'Content-Type: application/json' --data-binary "$2"; }

echo "One sample:"
post /v1/verify '{"id": "a", "code": "def f(x): return x + 1", "check": {"kind": "asserts", "tests": "assert f(1) == 2"}}'

printf '\n\nMany, one verdict a line as they finish:\n'
post /v1/verify_batch '[
  {"id": "right", "code": "print(int(input()) * 2)", "check": {"kind": "stdio", "cases": [{"input": "4", "output": "8"}]}},
  {"id": "wrong", "code": "print(input())", "check": {"kind": "stdio", "cases": [{"input": "4", "output": "8"}]}}]'

printf '\nAs SandboxFusion answers:\n'
post /run_code '{"code": "print(6 * 7)", "language": "python"}'

printf '\n\nAs a remote reward of slime:\n'
post /reward/slime '{"prompt": "", "response": "```python\ndef f(x): return x + 1\n```", "label": "assert f(1) == 2"}'
echo

# expect: runtime_error
echo "on purpose" >&2
exit 3

# expect: passed
echo "hello $((6 * 7))"

# expect: wrong_answer
echo "hello $((6 * 7))"

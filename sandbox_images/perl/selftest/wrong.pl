# expect: wrong_answer
printf "hello %d\n", 42;

# expect: wrong_answer
cat("hello 42\n")

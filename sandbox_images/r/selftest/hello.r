# expect: passed
cat("hello", 42)
cat("\n")

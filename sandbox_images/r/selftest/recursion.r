# expect: passed
deep <- function(n) if (n == 0) 0 else 1 + deep(n - 1)
cat(deep(500) * 10, "\n", sep = "")

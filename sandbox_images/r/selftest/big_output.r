# expect: passed
cat(0:19999, sep = "\n")
cat("\n")

# expect: passed
given <- scan(file("stdin"), quiet = TRUE)
cat(sum(given[-1]), "\n", sep = "")

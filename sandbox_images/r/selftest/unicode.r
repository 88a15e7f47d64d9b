# expect: passed
cat("naïve 你好 🎉 łódź\n")

# expect: passed
lines <- readLines(file("stdin"))
writeLines(lines)

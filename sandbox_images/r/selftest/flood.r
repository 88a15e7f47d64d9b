# expect: output_limit
text <- strrep("more and more and more\n", 1000)
while (TRUE) cat(text)

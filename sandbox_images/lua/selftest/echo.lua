-- expect: passed
io.write(io.read("a"))

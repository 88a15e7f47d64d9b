// expect: signalled
fatalError("on purpose")

# expect: runtime_error
stop("on purpose")

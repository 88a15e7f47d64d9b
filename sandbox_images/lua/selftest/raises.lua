-- expect: runtime_error
error("on purpose")

# expect: runtime_error
raise ValueError("on purpose")

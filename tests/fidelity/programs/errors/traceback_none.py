error = ValueError("bare")
raise error.with_traceback(None)

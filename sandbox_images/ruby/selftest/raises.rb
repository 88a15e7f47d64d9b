# expect: runtime_error
raise "on purpose"

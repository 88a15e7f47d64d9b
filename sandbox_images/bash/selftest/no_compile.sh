# expect: compile_error
if true; then echo 1

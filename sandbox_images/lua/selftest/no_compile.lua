-- expect: compile_error
function f(

# expect: compile_error
f <- function( {

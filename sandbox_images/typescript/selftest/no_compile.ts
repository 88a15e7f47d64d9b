// expect: compile_error
function ( {

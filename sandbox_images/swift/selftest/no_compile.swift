// expect: compile_error
let x: Int = "text"

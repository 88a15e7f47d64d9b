// expect: compile_error
fun main() { val x: Int = "text" }

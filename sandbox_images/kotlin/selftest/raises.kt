// expect: runtime_error
fun main() { error("on purpose") }

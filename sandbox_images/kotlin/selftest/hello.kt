// expect: passed
fun main() { println("hello ${6 * 7}") }

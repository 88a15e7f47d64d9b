// expect: wrong_answer
fun main(args: Array<String>) { println("hello ${6 * 7}") }

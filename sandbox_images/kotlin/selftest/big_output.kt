// expect: passed
fun main() { for (i in 0 until 20000) println(i) }

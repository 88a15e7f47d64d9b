// expect: passed
fun main() { System.`in`.copyTo(System.out) }

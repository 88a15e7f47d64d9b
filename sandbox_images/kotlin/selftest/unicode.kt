// expect: passed
fun main() { println("naïve 你好 🎉 łódź") }

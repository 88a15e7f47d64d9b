// expect: cpu_timeout
fun main() { while (true) { } }

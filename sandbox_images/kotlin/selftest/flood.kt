// expect: output_limit
fun main() {
    val text = "more and more and more".repeat(1000)
    while (true) println(text)
}

// expect: output_limit
object Main {
  def main(args: Array[String]): Unit = {
    val text = "more and more and more" * 1000
    while (true) println(text)
  }
}

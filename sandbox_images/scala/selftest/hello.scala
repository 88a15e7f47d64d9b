// expect: passed
object Main {
  def main(args: Array[String]): Unit = println(s"hello ${6 * 7}")
}

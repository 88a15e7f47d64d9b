// expect: passed
object Main {
  def main(args: Array[String]): Unit = (0 until 20000).foreach(i => println(i))
}

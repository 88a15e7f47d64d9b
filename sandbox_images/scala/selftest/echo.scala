// expect: passed
object Main {
  def main(args: Array[String]): Unit = io.Source.stdin.foreach(c => print(c))
}

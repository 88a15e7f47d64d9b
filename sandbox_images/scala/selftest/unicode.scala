// expect: passed
object Main {
  def main(args: Array[String]): Unit = println("naïve 你好 🎉 łódź")
}

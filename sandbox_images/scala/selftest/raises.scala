// expect: runtime_error
object Main {
  def main(args: Array[String]): Unit = sys.error("on purpose")
}

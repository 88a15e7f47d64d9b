// expect: memory_limit runtime_error
object Main {
  def main(args: Array[String]): Unit = {
    val held = scala.collection.mutable.ListBuffer[Array[Byte]]()
    while (true) held += new Array[Byte](1 << 20)
  }
}

// expect: compile_error
object Main {
  val x: Int = "text"
}

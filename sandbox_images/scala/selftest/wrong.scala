// expect: wrong_answer
object Other extends App {
  println("hello 42")
}

// expect: compile_error
class Program {
    static void Main() { int x = "text"; }
}

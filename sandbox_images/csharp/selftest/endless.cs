// expect: cpu_timeout
class Program {
    static void Main() { for (;;) { } }
}

// expect: wrong_answer
using System;

class Program {
    static void Main() { Console.WriteLine($"hello {42}"); }
}

// expect: passed
using System;

class Program {
    static void Main() { for (int i = 0; i < 20000; i++) Console.WriteLine(i); }
}

// expect: passed
using System;

class Program {
    static void Main() { Console.WriteLine("naïve 你好 🎉 łódź"); }
}

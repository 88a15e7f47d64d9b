// expect: passed
using System;

class Program {
    static int Deep(int n) { return n == 0 ? 0 : 1 + Deep(n - 1); }
    static void Main() { Console.WriteLine(Deep(5000)); }
}

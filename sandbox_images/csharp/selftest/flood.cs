// expect: output_limit
using System;

class Program {
    static void Main() {
        var text = new string('x', 20000);
        for (;;) Console.WriteLine(text);
    }
}

// expect: runtime_error
using System;

class Program {
    static void Main() { throw new InvalidOperationException("on purpose"); }
}

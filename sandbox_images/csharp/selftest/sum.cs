// expect: passed
using System;
using System.Linq;

class Program {
    static void Main() {
        int count = int.Parse(Console.ReadLine());
        Console.WriteLine(Console.ReadLine().Split(' ').Take(count).Select(int.Parse).Sum());
    }
}

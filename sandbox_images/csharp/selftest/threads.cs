// expect: passed
using System;
using System.Linq;
using System.Threading;

class Program {
    static int total;
    static void Main() {
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() => {
            for (int i = 0; i < 1000; i++) Interlocked.Increment(ref total);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Console.WriteLine(total);
    }
}

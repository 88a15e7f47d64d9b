// expect: passed
import std.stdio;

void main() { writeln("naïve 你好 🎉 łódź"); }

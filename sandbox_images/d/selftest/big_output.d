// expect: passed
import std.stdio;

void main() { foreach (i; 0 .. 20000) writeln(i); }

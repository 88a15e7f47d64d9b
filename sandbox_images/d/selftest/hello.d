// expect: passed
import std.stdio;

void main() { writeln("hello ", 42); }

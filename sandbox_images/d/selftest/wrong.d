// expect: wrong_answer
import std.stdio;

void main() { writeln("hello ", 42); }

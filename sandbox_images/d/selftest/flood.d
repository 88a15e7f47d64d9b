// expect: output_limit
import std.stdio;

void main() { for (;;) writeln("more and more and more"); }

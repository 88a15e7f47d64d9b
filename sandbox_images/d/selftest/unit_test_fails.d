// expect: runtime_error
unittest { assert(1 > 2); }

void main() { }

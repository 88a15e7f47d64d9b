// expect: runtime_error
void main() { throw new Exception("on purpose"); }

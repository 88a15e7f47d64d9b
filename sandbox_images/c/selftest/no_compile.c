// expect: compile_error
int main(void) { return x; }

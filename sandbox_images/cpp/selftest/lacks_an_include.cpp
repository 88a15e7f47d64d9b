// expect: compile_error
int main() { std::cout << 1; }

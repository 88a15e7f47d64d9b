// expect: compile_error
int main() { return std::vector<int>().size(); }

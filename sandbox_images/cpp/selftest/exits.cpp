// expect: runtime_error
#include <cstdlib>
int main() { std::exit(3); }

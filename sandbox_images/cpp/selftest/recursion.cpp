// expect: passed
#include <iostream>
int deep(int n) { return n == 0 ? 0 : 1 + deep(n - 1); }
int main() { std::cout << deep(5000) << std::endl; }

// expect: passed
#include <iostream>
int main() { std::cout << "naïve 你好 🎉 łódź" << std::endl; }

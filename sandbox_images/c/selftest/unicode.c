// expect: passed
#include <stdio.h>
int main(void) { puts("naïve 你好 🎉 łódź"); }

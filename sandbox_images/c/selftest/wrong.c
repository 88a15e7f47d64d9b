// expect: wrong_answer
#include <stdio.h>
int main(void) { printf("hello %d\n", 42); }

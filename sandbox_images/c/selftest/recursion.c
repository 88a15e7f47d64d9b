// expect: passed
#include <stdio.h>
static int deep(int n) { return n == 0 ? 0 : 1 + deep(n - 1); }
int main(void) { printf("%d\n", deep(5000)); }

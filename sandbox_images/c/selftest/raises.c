// expect: runtime_error
#include <stdio.h>
#include <stdlib.h>
int main(void) { fputs("on purpose\n", stderr); exit(3); }

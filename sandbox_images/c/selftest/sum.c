// expect: passed
#include <stdio.h>
int main(void) {
    int count, number, sum = 0;
    scanf("%d", &count);
    while (count-- && scanf("%d", &number) == 1) sum += number;
    printf("%d\n", sum);
}

// expect: passed
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
static atomic_int total;
static void *work(void *_) {
    for (int i = 0; i < 1000; i++) total++;
    return NULL;
}
int main(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    printf("%d\n", total);
}

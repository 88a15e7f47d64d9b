// expect: cpu_timeout
void main() {
    ulong i;
    for (;;) { i = i * 3 + 1; import core.volatile; volatileStore(&i, i); }
}

// expect: memory_limit runtime_error
void main() {
    ubyte[][] held;
    for (;;) { auto block = new ubyte[1 << 20]; block[] = 1; held ~= block; }
}

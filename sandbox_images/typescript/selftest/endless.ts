// expect: cpu_timeout
for (;;) {}

// expect: memory_limit signalled
const held: number[][] = [];
for (;;) held.push(new Array(100000).fill(held.length));

// expect: passed
console.log("hello", 42);

// expect: wrong_answer
console.log("hello", 42);

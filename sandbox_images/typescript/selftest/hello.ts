// expect: passed
const answer: number = 42;
console.log("hello", answer);

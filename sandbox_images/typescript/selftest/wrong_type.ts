// expect: compile_error
const answer: number = "text";
console.log(answer);

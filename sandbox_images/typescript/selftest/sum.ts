// expect: passed
declare var require: any;
const lines: string[] = require("fs").readFileSync(0, "utf8").split("\n");
console.log(lines[1].split(" ").map(Number).reduce((a, b) => a + b));

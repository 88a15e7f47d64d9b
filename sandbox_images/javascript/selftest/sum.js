// expect: passed
const lines = require("readline").createInterface({ input: process.stdin });
const read = [];
lines.on("line", (line) => read.push(line));
lines.on("close", () => console.log(read[1].split(" ").map(Number).reduce((a, b) => a + b)));

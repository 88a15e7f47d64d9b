// expect: passed
import * as fs from "fs";
import * as readline from "node:readline";

const lines: string[] = fs.readFileSync(0, "utf8").split("\n");
const crypto = require("crypto");
// A name of Node.js's own may be the program's.
function process(line: string): number {
    return line.length;
}
console.log(process(lines[0]), typeof readline.createInterface, crypto.createHash("md5").update("a").digest("hex").length);

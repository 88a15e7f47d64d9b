// expect: output_limit
declare var require: any;
const text = "more and more and more\n".repeat(1000);
for (;;) require("fs").writeSync(1, text);

// expect: passed
console.log("naïve 你好 🎉 łódź");

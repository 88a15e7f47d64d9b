// expect: passed
const { Worker } = require("worker_threads");
const shared = new Int32Array(new SharedArrayBuffer(4));
const code = `const { workerData } = require("worker_threads");
  for (let i = 0; i < 1000; i++) Atomics.add(workerData, 0, 1);`;
const one = () => new Promise((done) => new Worker(code, { eval: true, workerData: shared }).on("exit", done));
Promise.all([one(), one(), one(), one()]).then(() => console.log(shared[0]));

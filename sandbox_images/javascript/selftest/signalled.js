// expect: signalled
process.abort();

// expect: runtime_error
throw new Error("on purpose");

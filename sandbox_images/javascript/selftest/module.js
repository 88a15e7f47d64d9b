// expect: passed
import assert from "node:assert";
assert.equal(await Promise.resolve(1), 1);

"use strict";
// framework.js SOLUTION TESTS: run a file of tests, in the style of node:test or jest, with a solution.
//
// The tests are read and their names taken before the solution's first instruction: their text is run once with a
// stand-in for the solution, and no test. Then the solution is loaded, the text is run again, and the tests are.
// What the tests call (`test`, `expect`, `assert`) is given to them by name and closed to changes, so that a solution
// finds nothing to replace. engine/checks/framework.py has the form of the report.
const fs = require("fs");
const Module = require("module");
const path = require("path");
const util = require("util");
const vm = require("vm");

const [solutionFile, testsFile] = process.argv.slice(2);
const { writeSync } = fs;
const { apply } = Reflect;
const leave = process.reallyExit.bind(process);
const [good, other] = fs.readFileSync(0, "latin1").split("\n").map((line) => line.split(" "));
fs.closeSync(0);
fs.openSync("/dev/null", "r");
const report = fs.openSync("veristone.report", "wx");
const testsText = fs.readFileSync(testsFile, "utf8");
const solutionText = fs.readFileSync(solutionFile, "utf8");
fs.unlinkSync(testsFile);

let written = 0;
let ended = 0;
function tell(kind, name, message = "") {
  const plain = (text) => String(text).replace(/[\x00-\x1f\x7f]+/g, " ").slice(0, 300);
  const rest = "\t" + kind + "\t" + plain(name) + "\t" + plain(message) + "\n";
  const tokens = kind === "pass" || kind === "skip" ? good : other;
  if (written >= tokens.length) leave(1);
  if (kind !== "plan") ended++;
  writeSync(report, tokens[written++] + rest);
}

// A property that is its object's own can no longer be changed, and what inherits it may still have one of its own.
function close(object) {
  for (const key of Reflect.ownKeys(object)) {
    const found = Object.getOwnPropertyDescriptor(object, key);
    if (found.configurable && "value" in found)
      Object.defineProperty(object, key, { ...found, writable: false, configurable: false });
  }
  return object;
}

// Suites and tests: a tree that `describe` and `test` grow. `collecting` is the first run of the text.
class Suite {
  constructor(name, parent, options) {
    Object.assign(this, { name, parent, options, children: [], before: [], after: [], beforeEach: [], afterEach: [] });
  }
  get path() {
    return this.parent === null ? [] : [...this.parent.path, this.name];
  }
  chain() {
    return this.parent === null ? [this] : [...this.parent.chain(), this];
  }
}
let root = new Suite("", null, {});
let current = root;
let registering = true;

const isSkipped = (options) => options.skip || options.todo;
function given(args, extra) {
  const [name, options, body] = [
    args.find((each) => typeof each === "string"),
    args.find((each) => each !== null && typeof each === "object") ?? {},
    args.find((each) => typeof each === "function"),
  ];
  return { name: name ?? (body && body.name) ?? "", options: { ...options, ...extra }, body };
}
const adders = (add) => {
  const made = (...args) => add(args, {});
  made.skip = (...args) => add(args, { skip: true });
  made.todo = (...args) => add(args, { todo: true });
  made.only = (...args) => add(args, { only: true });
  made.failing = (...args) => add(args, { failing: true });
  made.concurrent = made;
  for (const each of [made, made.skip, made.only])
    each.each = (table, ...values) => (name, body) => {
      for (const [number, row] of rows(table, values).entries()) {
        const cells = Array.isArray(row) ? row : [row];
        each(titled(name, row, cells, number), (...more) => body(...cells, ...more.slice(cells.length)));
      }
    };
  return made;
};
function rows(table, values) {
  if (!Array.isArray(table) || table.raw === undefined) return [...table];
  const names = table[0].split("|").map((name) => name.trim()).filter(Boolean);
  const count = Math.floor(values.length / names.length);
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(names.map((name, column) => [name, values[row * names.length + column]])));
}
function titled(name, row, cells, number) {
  const filled = name.replace(/%#/g, number).replace(/\$(\w+)/g, (word, key) =>
    row !== null && typeof row === "object" && key in row ? util.inspect(row[key]) : word);
  const holes = (filled.match(/%[sdifjop]/g) ?? []).length;
  return util.format(filled.replace(/%p/g, "%o"), ...cells.slice(0, holes));
}
const test = adders((args, extra) => {
  const { name, options, body } = given(args, extra);
  if (registering) current.children.push({ name, options: body ? options : { ...options, todo: true }, body, suite: current });
});
const describe = adders((args, extra) => {
  const { name, options, body } = given(args, extra);
  if (!registering) return;
  const suite = new Suite(name, current, options);
  current.children.push(suite);
  current = suite;
  try {
    body?.({ name });
  } finally {
    current = suite.parent;
  }
});
const hook = (kind) => (body) => registering && current[kind].push(body);
const hooks = { before: hook("before"), after: hook("after"), beforeEach: hook("beforeEach"), afterEach: hook("afterEach") };
const api = {
  test, it: test, describe, suite: describe, xit: test.skip, xtest: test.skip, xdescribe: describe.skip,
  fit: test.only, fdescribe: describe.only, beforeAll: hooks.before, afterAll: hooks.after, ...hooks,
};

// What an assertion is made of, as it is before the solution.
const assert = require("assert");
const nodeTest = require("node:test");
const ofNode = Object.assign((...args) => test(...args), test, api, { mock: nodeTest.mock });
const usesJest = /\b(?:expect|jest|vi)\b/.test(testsText);
const jestModule = (name) => {
  for (const place of ["/usr/local/lib/node_modules", "/usr/lib/node_modules", "/usr/share/nodejs"])
    for (const folder of [place, `${place}/expect/node_modules`])
      if (fs.existsSync(`${folder}/${name}`)) return require(`${folder}/${name}`);
  return undefined;
};
if (usesJest) {
  api.expect = jestModule("expect")?.expect;
  if (api.expect === undefined)
    api.expect = () => { throw new Error("jest's `expect` is not installed: npm install --global expect"); };
  api.jest = api.vi = jestModule("jest-mock") ?? {};
  const { ModuleMocker } = api.jest;
  if (ModuleMocker) api.jest = api.vi = new ModuleMocker(globalThis);
  for (const name of ["fn", "spyOn"]) if (api.jest[name]) api.jest[name] = api.jest[name].bind(api.jest);
  close(api.expect);
  const shared = globalThis[Symbol.for("$$jest-matchers-object")];
  if (shared) close(close(shared).matchers);
}
// Who requires one of these again gets another copy of it.
for (const file of Object.keys(require.cache)) delete require.cache[file];
for (const each of [assert, assert.strict, ofNode, api, Object, Reflect, JSON, Number, Array, Array.prototype, Promise,
  Promise.prototype]) close(each);
for (const name of ["apply", "bind", "call"])
  Object.defineProperty(Function.prototype, name, { writable: false, configurable: false });
const ofTests = { "node:test": ofNode, test: ofNode, "@jest/globals": api, vitest: api, mocha: api };
const isNear = (name) => /^\.{1,2}\//.test(name);

// `import` at the start of a line becomes `require`: the text is run as a function.
const interop = (module) => (module !== null && (typeof module === "object" || typeof module === "function") && "default" in module ? module.default : module);
function asFunction(text) {
  const names = (list) => list.replace(/\s+as\s+/g, ": ");
  return text.replace(
    /^import\s+(?:type\s+)?(?:([\w$]+)\s*,?\s*)?(?:\*\s*as\s+([\w$]+)\s+|(\{[^}]*\})\s*)?(?:from\s*)?(["'][^"'\n]+["'])(?:\s+(?:with|assert)\s*\{[^}]*\})?;?/gm,
    (all, single, whole, some, from) => {
      const asked = `require(${from})`;
      const parts = [];
      if (single) parts.push(`const ${single} = __interop(${asked});`);
      if (whole) parts.push(`const ${whole} = ${asked};`);
      if (some) parts.push(`const ${names(some)} = ${asked};`);
      return (parts.join(" ") || `${asked};`) + "\n".repeat(all.split("\n").length - (parts.join(" ").split("\n").length));
    },
  ).replace(/^export\s+(?=const|let|var|function|class|async)/gm, "");
}
const apiNames = Object.keys(api);
const names = [...apiNames, "require", "module", "exports", "__filename", "__dirname", "__interop"];
// A function of its own inside, so that the text may declare names of the same spelling.
const compiled = vm.compileFunction(`return (async function () {${asFunction(testsText)}\n}).call(this)`, names, {
  filename: testsFile,
});
const ownRequire = Module.createRequire(path.resolve(testsFile));
async function runText(solution) {
  const require = (name) => {
    if (Object.hasOwn(ofTests, name)) return ofTests[name];
    if (!isNear(name)) return ownRequire(name);
    try {
      ownRequire.resolve(name);
    } catch {
      return solution();
    }
    return path.resolve(ownRequire.resolve(name)) === path.resolve(solutionFile) ? solution() : ownRequire(name);
  };
  const module = { exports: {} };
  current = root = new Suite("", null, {});
  await compiled.call(module.exports, ...apiNames.map((name) => api[name]), require, module, module.exports,
    path.resolve(testsFile), process.cwd(), interop);
}

function* tests(suite) {
  for (const child of suite.children) child instanceof Suite ? yield* tests(child) : yield child;
}
const nameOf = (each) => [...each.suite.path, each.name].join(" > ");
const hasOnly = (suite) => suite.children.some((child) => child.options.only || (child instanceof Suite && hasOnly(child)));

// Stands for the solution where only names are wanted: whatever is done with it gives it again.
const standIn = new Proxy(function () {}, {
  get: (_, key) => {
    if (key === Symbol.toPrimitive) return () => 1;
    if (key === Symbol.iterator) return () => [][Symbol.iterator]();
    return key === "then" ? undefined : standIn;
  },
  has: () => true,
  apply: () => standIn,
  construct: () => standIn,
});

// What the solution declares at its top, for tests that call it by name without importing it.
const declared = [...new Set([...solutionText.matchAll(
  /^(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function\s*\*?\s*|class\s+|(?:const|let|var)\s+)([\w$]+)/gm)].map((found) => found[1]))];
async function loaded() {
  registering = false;
  const file = path.resolve(solutionFile);
  let exports;
  if (file.endsWith(".mjs")) exports = { ...(await import(file)) };
  else {
    const module = new Module(file, null);
    module.filename = file;
    module.paths = Module._nodeModulePaths(path.dirname(file));
    const shown = declared.map((name) => `__shown(${JSON.stringify(name)}, () => ${name});`).join("");
    const found = {};
    globalThis.__shown = (name, get) => { try { found[name] = get(); } catch {} };
    module._compile(`${solutionText}\n;${shown}`, file);
    delete globalThis.__shown;
    exports = module.exports;
    if (exports !== null && (typeof exports === "object" || typeof exports === "function"))
      for (const [name, value] of Object.entries(found)) if (!(name in exports)) exports[name] = value;
  }
  for (const name of declared)
    if (!(name in globalThis) && exports !== null && name in Object(exports)) globalThis[name] = exports[name];
  registering = true;
  return exports;
}

async function called(body, ...args) {
  if (body.length > args.length)
    return new Promise((resolve, reject) => apply(body, undefined, [...args, (error) => (error ? reject(error) : resolve())]));
  return apply(body, undefined, args);
}
async function runOne(each) {
  let failure;
  let skipped = "";
  const after = [];
  const attempt = async (body, ...args) => {
    try {
      await called(body, ...args);
      return true;
    } catch (error) {
      failure ??= error ?? new Error(`threw ${error}`);
      return false;
    }
  };
  const context = (name) => ({
    name, mock: nodeTest.mock, assert, signal: undefined, diagnostic() {}, plan() {},
    skip(why = "skipped") { skipped = String(why); }, todo() { skipped = "todo"; },
    before: (body) => attempt(body), after: (body) => void after.push(body), beforeEach() {}, afterEach() {},
    test: async (...args) => {
      const { name: inner, options, body } = given(args, {});
      if (body && !isSkipped(options)) await attempt(body, context(inner));
    },
  });
  const chain = each.suite.chain();
  for (const suite of chain) for (const body of suite.beforeEach) await attempt(body);
  // node:test gives a test its context; jest gives it `done` where it takes an argument.
  const argument = usesContext ? [context(each.name)] : [];
  if (failure === undefined) {
    const isWhole = await attempt(each.body, ...argument);
    if (each.options.failing) failure = isWhole ? new Error("was expected to fail") : undefined;
  }
  for (const body of after) await attempt(body);
  for (const suite of chain.reverse()) for (const body of suite.afterEach) await attempt(body);
  if (failure === undefined) tell(skipped ? "skip" : "pass", nameOf(each), skipped);
  else failed(each, failure);
}
function failed(each, error) {
  const isAssertion = Boolean(error) && (error.code === "ERR_ASSERTION" || error.matcherResult !== undefined);
  const said = isAssertion ? error.message : `${error?.name ?? "Error"}: ${error?.message ?? util.inspect(error)}`;
  tell(isAssertion ? "fail" : "error", nameOf(each), util.stripVTControlCharacters(String(said)));
}
async function runSuite(suite, only, inherited) {
  const skipped = inherited || isSkipped(suite.options);
  const inside = [...tests(suite)].filter((each) => !isSkipped(each.options));
  let broken;
  if (!skipped && inside.length)
    for (const body of suite.before) await called(body).catch((error) => (broken ??= { error }));
  for (const child of suite.children) {
    const leftOut = only && !child.options.only;
    if (child instanceof Suite) await runSuite(child, leftOut && hasOnly(child), skipped || (leftOut && !hasOnly(child)));
    else if (skipped || leftOut || isSkipped(child.options)) tell("skip", nameOf(child));
    else if (broken) failed(child, broken.error);
    else await runOne(child);
  }
  if (!skipped && inside.length) for (const body of suite.after) await called(body);
}
const usesContext = !usesJest || /node:test/.test(testsText);

async function main() {
  const planned = new Map();
  try {
    for (const name of declared) globalThis[name] ??= standIn;
    await runText(() => standIn);
    for (const each of tests(root)) {
      planned.set(nameOf(each), (planned.get(nameOf(each)) ?? 0) + 1);
      tell("plan", nameOf(each));
    }
  } catch {
    // Text that does more with the solution than the stand-in can answer is counted when it is run.
  }
  for (const name of declared) if (globalThis[name] === standIn) delete globalThis[name];
  const exports = await loaded();
  await runText(() => exports);
  for (const each of tests(root)) {
    const left = planned.get(nameOf(each)) ?? 0;
    left ? planned.set(nameOf(each), left - 1) : tell("plan", nameOf(each));
  }
  await runSuite(root, hasOnly(root), false);
  tell("done", ended);
  leave(0);
}
main().catch((error) => {
  process.stderr.write(`${error?.stack ?? util.inspect(error)}\n`);
  leave(1);
});

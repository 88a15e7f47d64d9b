// What files of tests name and nobody declares here: anything goes. The solution itself has its types.
declare module "node:*";
declare module "assert";
declare module "assert/*";
declare module "test";
declare module "@jest/globals";
declare module "vitest";
declare module "mocha";
declare var test: any, it: any, describe: any, suite: any, expect: any, jest: any, vi: any;
declare var beforeAll: any, afterAll: any, beforeEach: any, afterEach: any, before: any, after: any;
declare var xit: any, xtest: any, xdescribe: any, fit: any, fdescribe: any;
declare var require: any, module: any, exports: any, process: any;

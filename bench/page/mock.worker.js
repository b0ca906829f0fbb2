// The mock's browser build expects a window and a few of Node's globals.
Object.assign(globalThis, {
  window: globalThis,
  global: globalThis,
  require: () => ({}), // for modules such as fs, which it loads and never calls
  process: {
    env: {},
    nextTick: (/** @type {(...a: any[]) => void} */ f, /** @type {any[]} */ ...a) => queueMicrotask(() => f(...a)),
  },
});
const { default: Redis } = await import("ioredis-mock/browser.js");
const { measure } = await import("./measure.js");

const redis = new Redis();
const set = (/** @type {string} */ key) => redis.set(key, "value");
const get = (/** @type {string} */ key) => redis.get(key);
if ((await set("key")) !== "OK" || (await get("key")) !== "value") throw new Error("the mock does not work");
postMessage(await measure(set, get, true));

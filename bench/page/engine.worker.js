const start = performance.now();
const { default: init } = await import("../../pkg/redlab.js");
const { attach } = await import("../../www/later.js");
attach(await init());
const { Engine } = await import("../../www/engine.js");
const { Client } = await import("../client.mjs");
const engine = new Engine(1n, Date.now());
const client = new Client(engine);
client.call("PING");
const firstPongMs = performance.now() - start;

const { measure } = await import("./measure.js");
let calls = 0;
const set = (/** @type {string} */ key) => {
  if (++calls % 1000 === 0) engine.take_log();
  return client.call("SET", key, "value");
};
const times = await measure(set, (key) => client.call("GET", key), false);
postMessage({ ...times, firstPongMs });

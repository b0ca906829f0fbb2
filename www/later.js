/**
 * Parts of the engine that arrive later (xtask/src/split.rs cuts them off): a visitor's first minute waits for the main
 * module alone. A part is brought before the first command that needs it begins; should the engine come upon a function
 * that is not there all the same, it loads the part at once.
 */
const SCRIPTS = 0;
const REST = 1;
const URLS = [
  new URL("../pkg/redlab_scripts.wasm", import.meta.url),
  new URL("../pkg/redlab_rest.wasm", import.meta.url),
];

/** What scripts/first-visit.mjs runs, and the main module therefore holds: no other part is needed. */
export const FIRST = new Set(
  `append command dbsize decr del echo exists expire get hdel hello hget hgetall hset incr incrby incrbyfloat keys llen lpop lpush
   lrange mget mset object ping rpop rpush sadd scan scard select set setex setnx sismember smembers srem strlen ttl type
   zadd zcard zincrby zrange zrank zrem zscore`.split(/\s+/),
);
const SCRIPTED = /^(eval|fcall|function|script)/;

/** A part's bytes, now: only a worker may ask so. @param {URL} url @returns {BufferSource} */
const readNow = (url) => {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`a part of the engine did not load: ${url.pathname}, ${request.status}`);
  return request.response;
};

/** @type {Record<string, WebAssembly.Global>} */
let main;
let read = readNow;
/** @type {(WebAssembly.Module | undefined)[]} */
const modules = [];
/** @type {(Promise<void> | undefined)[]} */
const coming = [];

/** What the parts belong to. @param {any} exports @param {typeof read} [reader] instead of the network */
export function attach(exports, reader = readNow) {
  main = exports;
  read = reader;
}

/** @param {number} part */
const isThere = (part) => main[`part${part}`].value !== 0;

/** Puts a part in its place; the engine calls this when it comes upon a function that is not there. @param {number} part */
export function load_part(part) {
  if (isThere(part)) return;
  modules[part] ??= new WebAssembly.Module(read(URLS[part]));
  new WebAssembly.Instance(modules[part], { m: main });
  main[`part${part}`].value = 1;
}

/** @param {number} part */
async function bring(part) {
  if (isThere(part)) return;
  if (read === readNow) {
    try {
      coming[part] ??= fetch(URLS[part])
        .then((response) => (response.ok ? response.arrayBuffer() : Promise.reject(new Error(`${response.status}`))))
        .then(async (bytes) => void (modules[part] = await WebAssembly.compile(bytes)));
      await coming[part];
    } catch (e) {
      coming[part] = undefined;
      throw new Error(`A part of the engine did not load (${e}). Try again when the network is back.`);
    }
  }
  load_part(part);
}

/** Brings everything but scripts, which not every visitor runs. */
export const bringRest = () => bring(REST);

/** The command's name in a request, in small letters; "" if it does not stand right at its start. @param {Uint8Array} request */
function nameOf(request) {
  const head = String.fromCharCode(...request.subarray(0, 40));
  return (/^\*\d+\r\n\$\d+\r\n([a-z]+)\r\n/i.exec(head)?.[1] ?? "").toLowerCase();
}

/** Whether a request needs no part that is not there. @param {Uint8Array} request */
export function canRun(request) {
  if (isThere(REST) && isThere(SCRIPTS)) return true;
  const name = nameOf(request);
  return (isThere(REST) || FIRST.has(name)) && (isThere(SCRIPTS) || !SCRIPTED.test(name));
}

/** Brings what a request needs; fails before anything has happened. @param {Uint8Array} request */
export async function bringFor(request) {
  const name = nameOf(request);
  if (!FIRST.has(name)) await bring(REST);
  if (SCRIPTED.test(name)) await bring(SCRIPTS);
}

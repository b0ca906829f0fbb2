// A sandbox in its worker, without the lab around it, for a driver: to write as fast as it answers, and to look at what is there.
import { EngineClient } from "../../www/protocol.js";
import { encodeCommand } from "../../www/resp.js";

const decoder = new TextDecoder();
const worker = new Worker(new URL("../../www/worker.js", import.meta.url), { type: "module" });
const client = new EngineClient(worker);
/** @type {import("../../www/protocol.js").World} */
let world;

/** @param {import("../../www/protocol.js").Session} session @param {...string} words */
async function ask(session, ...words) {
  const { out } = await session.exec(encodeCommand(words));
  return decoder.decode(out);
}

Object.assign(window, {
  /** Opens the sandbox of this name; how many elements the list has, and why it is not saved, if it is not. */
  async begin(/** @type {string} */ name, /** @type {string} */ key) {
    world = await client.open({ name });
    const session = await world.connect();
    const length = await ask(session, "LLEN", key);
    const list = await ask(session, "LRANGE", key, "0", "-1");
    const numbers = list.split("\r\n").filter((line) => /^\d+$/.test(line));
    return {
      length: Number(length.slice(1)),
      inOrder: numbers.every((n, i) => Number(n) === i),
      saved: world.info.saved,
    };
  },

  /** Appends number after number, until the page dies; tells each that was acknowledged to `acked`, with the time. */
  async write(/** @type {string} */ key, /** @type {string} */ policy) {
    const session = await world.connect();
    await ask(session, "CONFIG", "SET", "appendfsync", policy);
    for (let n = 0; ; n++) {
      const reply = await ask(session, "RPUSH", key, String(n));
      if (reply === `:${n + 1}\r\n`) /** @type {any} */ (window).acked(n, Date.now());
      else throw new Error(reply);
    }
  },

  /** Writes of so many clients that each wait for their reply, for so many ms. */
  async load(/** @type {number} */ clients, /** @type {number} */ ms) {
    const sessions = await Promise.all(Array.from({ length: clients }, () => world.connect()));
    const start = performance.now();
    let acknowledged = 0;
    const one = async (/** @type {import("../../www/protocol.js").Session} */ session, /** @type {number} */ i) => {
      for (let n = 0; performance.now() - start < ms; n++) {
        const reply = await ask(session, "SET", `key:${i}:${n % 100}`, "value");
        if (reply !== "+OK\r\n") throw new Error(reply);
        acknowledged++;
      }
    };
    await Promise.all(sessions.map(one));
    const took = performance.now() - start;
    return { perSecond: (acknowledged * 1000) / took, saved: world.info.saved.state };
  },
  ready: true,
});

/**
 * Files tried by a server of their own: nothing that is kept is touched.
 *
 * @import { KeptFile } from "./store.js"
 */
import { CONFIG, MANIFEST, platterOf } from "./disk-files.js";
import { Engine } from "./engine.js";
import { turn } from "./turn.js";

/** Real time that an engine reads on before messages are let in. */
const SLICE_MS = 4;

/** Lets an engine read its files in its own time. @param {Engine} engine @param {number} now_ms */
async function read(engine, now_ms) {
  let until = performance.now() + SLICE_MS;
  for (let now = now_ms; (engine.stalled() || engine.loading()) && !engine.exited();) {
    now = Math.max(now, engine.next_timer()) + 0.001;
    engine.advance(now);
    if (performance.now() < until) continue;
    await turn();
    until = performance.now() + SLICE_MS;
  }
}

/** @param {KeptFile[]} files @param {number} now_ms */
async function started(files, now_ms) {
  const engine = new Engine(0n, now_ms, CONFIG, platterOf(files));
  await read(engine, now_ms);
  return engine;
}

/** @param {Engine} engine */
const wordsOf = (engine) => engine.warnings().join(". ");

/** What a server says of files. @param {KeptFile[]} files @param {number} now_ms */
export async function trial(files, now_ms) {
  const engine = await started(files, now_ms);
  const said = { words: wordsOf(engine), runs: !engine.exited(), keys: engine.kept()[3] };
  engine.free();
  return said;
}

/** Why nothing can be read of files, or "". @param {KeptFile[]} files @param {number} now_ms */
export async function whyUnread(files, now_ms) {
  const engine = await started(files, now_ms);
  try {
    const words = wordsOf(engine);
    if (engine.exited() && engine.repair()) {
      engine.restart();
      await read(engine, now_ms);
    }
    const data = files.filter(({ name }) => name !== MANIFEST).map(({ name }) => engine.file(name)?.length ?? 0);
    return engine.exited() || !data.some((length) => length > 0) ? words || "no file of it is one" : "";
  } finally {
    engine.free();
  }
}

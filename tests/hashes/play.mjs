/**
 * A world that tests/worlds.rs has played, played again.
 *
 * @typedef {{seed: number, acts: [number, any][], end_ms: number, hashes: string[], states: string[]}} Recorded
 *   `hashes` after every so many events, of all that has happened; `states` at the same moments and at the end, of all there is
 */

/**
 * @param {import("../../pkg/redlab.js").Estate} estate @param {Recorded} world @param {number} every
 * @returns {{hashes: string[], states: string[]}}
 */
export function play(estate, { acts, end_ms }, every) {
  /** @type {string[]} */
  const hashes = [];
  /** @type {string[]} */
  const states = [];
  /** @param {number} until_ms */
  const run = (until_ms) => {
    while (estate.run(until_ms, every) === every) {
      hashes.push(String(estate.running_hash()));
      states.push(String(estate.state_hash()));
    }
  };
  for (const [at_ms, act] of acts) {
    run(at_ms);
    try {
      estate.act(act);
    } catch {
      // What is refused natively is refused here.
    }
  }
  run(end_ms);
  states.push(String(estate.state_hash()));
  return { hashes, states };
}

/** How many checkpoints are the same, and the first that is not. @param {Recorded} wanted @param {{hashes: string[], states: string[]}} seen */
export function compared(wanted, seen) {
  const all = Math.max(wanted.states.length, seen.states.length);
  for (let n = 0; n < all; n++) {
    const same = wanted.hashes[n] === seen.hashes[n] && wanted.states[n] === seen.states[n];
    if (!same) return { same: n, wrong: `world ${wanted.seed}, checkpoint ${n + 1} of ${wanted.states.length}` };
  }
  return { same: all, wrong: null };
}

/**
 * All worlds of a record: how many checkpoints are the same, and where a world first differs.
 * @param {typeof import("../../pkg/redlab.js").Estate} Estate
 * @param {{start_ms: number, every: number, worlds: Recorded[]}} recorded
 */
export function playAll(Estate, { start_ms, every, worlds }) {
  const found = { checkpoints: 0, wrong: /** @type {string[]} */ ([]) };
  for (const world of worlds) {
    const estate = new Estate(BigInt(world.seed), start_ms);
    const { same, wrong } = compared(world, play(estate, world, every));
    estate.free();
    found.checkpoints += same;
    if (wrong) found.wrong.push(wrong);
  }
  return found;
}

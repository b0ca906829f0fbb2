/**
 * Which of what was seen is true at a moment of a future.
 *
 * @import { EstateState } from "./world.js"
 * @typedef {{future: number, at_ms: number}} Moment
 */

/** What a future is called. @param {number} id */
export const futureOf = (id) => (id < 26 ? String.fromCharCode(65 + id) : `A${id - 25}`);

/**
 * Whether something that was seen at a moment has happened by now, in this future or before it left the one where it was
 * seen. O(futures).
 * @param {Moment} moment @param {Pick<EstateState, "future" | "futures" | "now_ms">} state
 */
export function isTrue({ future, at_ms }, state) {
  let until_ms = state.now_ms;
  /** @type {number | null} */
  let id = state.future;
  while (id !== null && id !== future) {
    until_ms = Math.min(until_ms, state.futures[id].from_ms);
    id = state.futures[id].parent;
  }
  return id === future && at_ms <= until_ms;
}

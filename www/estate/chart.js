// What the charts of a world have in common: a canvas as sharp as the screen, the stretch of time that it shows, and what was
// seen when.

/** How much of the past is shown, in ms of the world's time. */
const SHOWN_MS = 20_000;

/** The canvas, empty and of this size; what draws on it. @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
export function cleared(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const g = canvas.getContext("2d");
  g?.setTransform(ratio, 0, 0, ratio, 0, 0);
  g?.clearRect(0, 0, width, height);
  return g;
}

/**
 * From when to when is shown, and where the newest sample stands.
 * @param {{now_ms: number, start_ms: number}} state @param {number} [newest_ms]
 */
export function stretch({ now_ms, start_ms }, newest_ms = 0) {
  const end = Math.max(now_ms, newest_ms);
  const from = Math.max(start_ms, end - SHOWN_MS);
  return { from, until: Math.max(from + SHOWN_MS, end), end };
}

/**
 * What was seen at moments of the world's time, the oldest first, of one future.
 * @template {{at_ms: number}} T
 */
export class Samples {
  /** @type {T[]} */
  all = [];
  #future = 0;

  /** @param {number} most how many are kept; the oldest go first */
  constructor(most) {
    this.most = most;
  }

  /**
   * Whether this moment is later than all that are noted. In another future what it has in common with the last one stays.
   * @param {import("./world.js").EstateState} state
   */
  isNew({ now_ms, future, futures }) {
    if (future !== this.#future) {
      const from_ms = Math.max(futures[future].from_ms, futures[this.#future].from_ms);
      this.all = this.all.filter((x) => x.at_ms <= from_ms);
      this.#future = future;
    }
    const last = this.all.at(-1);
    return !last || now_ms > last.at_ms;
  }

  /** @param {T} sample */
  add(sample) {
    this.all.push(sample);
    if (this.all.length > this.most) this.all.splice(0, this.most / 4);
  }
}

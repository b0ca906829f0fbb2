// The same loop for both sides.

const KEYS = 100_000;
const keys = Array.from({ length: KEYS }, (_, i) => `key:${(i * 7919) % KEYS}`);

/**
 * µs a call of SET and GET, from the fastest of some rounds (the others were disturbed).
 * @param {(key: string) => unknown} set @param {(key: string) => unknown} get @param {boolean} wait
 */
export const measure = async (set, get, wait) => {
  const time = async (/** @type {(key: string) => unknown} */ call) => {
    let best = Infinity;
    for (let round = 0; round < 6; round++) {
      const start = performance.now();
      if (wait) for (let i = 0; i < KEYS; i++) await call(keys[i]);
      else for (let i = 0; i < KEYS; i++) call(keys[i]);
      best = Math.min(best, ((performance.now() - start) * 1000) / KEYS);
    }
    return best;
  };
  return { SET: await time(set), GET: await time(get) };
};

/** The lock of a sandbox: one tab writes its files. */
export class SandboxLock {
  #release = () => {};
  #given = false;

  /**
   * Takes it if it is free; else waits for it in the background, and `got` is called when it is had. Whether it was free.
   * @param {string} name @param {() => void} got @returns {Promise<boolean>}
   */
  async take(name, got) {
    const locks = globalThis.navigator?.locks;
    if (!locks) return true;
    const hold = () => new Promise((/** @type {(x?: any) => void} */ release) => (this.#release = release));
    const free = await new Promise((/** @type {(free: boolean) => void} */ answer) => {
      locks.request(`redlab:${name}`, { ifAvailable: true }, (lock) => {
        answer(lock !== null);
        return lock ? hold() : undefined;
      });
    });
    if (!free)
      locks.request(`redlab:${name}`, () => {
        if (this.#given) return;
        const held = hold();
        got();
        return held;
      });
    return free;
  }

  /** Gives it back, or waits for it no longer. */
  release() {
    this.#given = true;
    this.#release();
  }
}

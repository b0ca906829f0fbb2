/**
 * Where a world's platter is kept, and what there is to say about it: all is well, in memory only, or a full disk.
 *
 * @import { Saved } from "./protocol.js"
 * @import { Changes, KeptFile, Meta, Store } from "./store.js"
 */
import { copied } from "./disk-files.js";
import { SandboxLock } from "./lock.js";
import { MemoryStore } from "./store.js";

/** How often storage that had no room is asked again while nobody waits for it. */
const AGAIN_MS = 1000;

const FULL = "The browser's storage is full.";

/** @param {Saved["state"]} state @param {string} reason @returns {Saved} */
const savedAs = (state, reason) => ({ state, reason, bytes: 0, unsynced: 0, aof: true, free: false });

/**
 * Whether storage failed for want of room: it says so, or there is none by the browser's own account.
 * @param {any} error @param {number} bytes that were to be kept
 */
async function isFull(error, bytes) {
  if (error?.name === "QuotaExceededError") return true;
  const { quota, usage } = (await globalThis.navigator?.storage?.estimate?.().catch(() => null)) ?? {};
  return quota !== undefined && usage !== undefined && quota - usage < bytes;
}

export class Keeper {
  /** @type {Store} */
  store = new MemoryStore();
  saved = savedAs("memory", "");
  #lock = new SandboxLock();
  #tell;
  /** When storage had no room last. */
  #refusedMs = -Infinity;

  /** @param {(saved: Saved) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /**
   * Where to read from; decides what `saved` says.
   * @param {string | null} name of the sandbox
   * @param {((name: string) => Store) | null} stores @param {string} refused why there are none
   * @returns {Promise<Store>}
   */
  async find(name, stores, refused) {
    if (name === null) {
      this.saved = savedAs("memory", "Kept in memory only.");
      return new MemoryStore();
    }
    if (!stores) {
      this.saved = savedAs("refused", refused);
      return new MemoryStore();
    }
    const store = stores(name);
    if (await this.#lock.take(name, () => this.say({ free: true }))) {
      this.saved = savedAs("saved", "");
      return store;
    }
    // Another tab writes these files: work on a copy.
    this.saved = savedAs("second", "Another tab has this sandbox open. This one works on a copy.");
    return copied(await store.read());
  }

  /** The other tab has closed, and this one writes the files from now on. */
  takeOver() {
    this.saved = savedAs("saved", "");
  }

  /** @param {Store} store @returns {Promise<import("./store.js").Kept>} */
  async read(store) {
    this.store = store;
    try {
      return await store.read();
    } catch (e) {
      this.saved = savedAs("refused", `The saved data could not be read: ${e}`);
      this.store = new MemoryStore();
      return this.store.read();
    }
  }

  /** Tells the page what is new. @param {Partial<Saved>} news */
  say(news) {
    this.saved = { ...this.saved, ...news };
    this.#tell({ ...this.saved });
  }

  /** Whether storage had no room a moment ago: it need not be asked yet. */
  get rests() {
    return this.saved.state === "full" && performance.now() - this.#refusedMs < AGAIN_MS;
  }

  /**
   * Keeps what changed on the platter, and the clock. `false`: there is no room for it, and nothing of it is kept.
   * @param {Changes | null} changes @param {Meta} meta
   */
  async keep(changes, meta) {
    const commit = () => this.store.commit(changes, meta);
    try {
      await commit();
    } catch (e) {
      const bytes = changes?.[0].reduce((sum, [, , part]) => sum + (part?.length ?? 0), 0) ?? 0;
      if (!(await isFull(e, bytes)) || this.store.empty) {
        await this.#leave(e, commit);
        return true;
      }
      // The clock alone is nothing that anybody waits for.
      if (!changes) return true;
      this.#refusedMs = performance.now();
      if (this.saved.state !== "full") this.say({ state: "full", reason: FULL });
      return false;
    }
    if (changes && this.saved.state === "full") this.say({ state: "saved", reason: "" });
    return true;
  }

  /** Keeps these files in place of all others. Errors: there is no room for them; nothing has changed then. @param {KeptFile[]} files @param {Meta} meta */
  async replace(files, meta) {
    const write = () => this.store.replace(files, meta);
    try {
      await write();
    } catch (e) {
      const bytes = files.reduce((sum, { bytes: part }) => sum + part.length, 0);
      if (await isFull(e, bytes)) throw new Error("the browser's storage has no room for it");
      await this.#leave(e, write);
    }
  }

  /** Storage that fails is left for memory, and the page says so. @param {() => Promise<void>} write */
  async guard(write) {
    try {
      await write();
    } catch (e) {
      await this.#leave(e, write);
    }
  }

  /** @param {any} error @param {() => Promise<void>} write what failed */
  async #leave(error, write) {
    const nothing = { files: [], log: new Uint8Array(0), meta: null };
    this.store = await copied(await this.store.read().catch(() => nothing));
    const reason = (await isFull(error, 0)) ? FULL : `The browser refused to save: ${error}`;
    this.say({ state: "refused", reason, free: false });
    await write().catch(() => {});
  }

  close() {
    this.#lock.release();
  }
}

/**
 * Where a sandbox is kept: an append-only log of RESP, in IndexedDB where the browser allows it, else in memory. A
 * simulated disk takes this interface over later; nothing outside knows how the log is cut.
 *
 * @typedef {object} Meta what is kept beside the log
 * @prop {number} clock_ms the sandbox's clock at the last commit
 * @prop {string} seed
 *
 * @typedef {object} Store
 * @prop {boolean} durable
 * @prop {() => Promise<{log: Uint8Array, meta: Meta | null}>} read
 * @prop {(bytes: Uint8Array, meta: Meta) => Promise<void>} append resolves when it is on the disk
 * @prop {(bytes: Uint8Array, meta: Meta) => Promise<void>} replace the whole log
 * @prop {(bytes: Uint8Array, about: object) => Promise<void>} keepDamaged
 * @prop {() => Promise<Uint8Array | null>} readDamaged
 */
import { concat } from "./resp.js";

/** How long the browser may take to open its database; some never answer. */
const PATIENCE_MS = 5000;

/** Chunks after which the log is joined into one record. */
const CHUNKS = 512;

/**
 * Of the database: log is [sandbox, number of the chunk] -> Uint8Array, meta sandbox -> Meta, damaged sandbox -> {bytes,
 * …}, settings key -> plain data.
 */
const STORES = ["log", "meta", "damaged", "settings"];

/** @template T @param {IDBRequest<T>} r @returns {Promise<T>} */
const asked = (r) =>
  new Promise((resolve, reject) => {
    r.onsuccess = () => resolve(r.result);
    r.onerror = () => reject(r.error);
  });

/** @param {IDBTransaction} tx @returns {Promise<void>} */
const committed = (tx) =>
  new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = tx.onerror = () => reject(tx.error ?? new Error("the transaction was aborted"));
  });

/** The database, or an error in the browser's words. @returns {Promise<IDBDatabase>} */
export async function openDatabase() {
  if (typeof indexedDB === "undefined" || indexedDB === null) throw new Error("this browser has no IndexedDB here");
  const request = indexedDB.open("redlab", 1);
  request.onupgradeneeded = () => {
    for (const name of STORES) request.result.createObjectStore(name);
  };
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("it does not answer")), PATIENCE_MS));
  const db = await Promise.race([asked(request), late]);
  const missing = STORES.find((name) => !db.objectStoreNames.contains(name));
  if (missing === undefined) return db;
  db.close();
  throw new Error(`the database has no part "${missing}"; clearing this site's data mends it`);
}

/** @param {string} name */
const chunksOf = (name) => IDBKeyRange.bound([name, 0], [name, Infinity]);

/** @implements {Store} */
export class DiskStore {
  durable = true;
  #db;
  #name;
  #next = 0;
  #chunks = 0;

  /** @param {IDBDatabase} db @param {string} name of the sandbox */
  constructor(db, name) {
    this.#db = db;
    this.#name = name;
  }

  async read() {
    const tx = this.#db.transaction(["log", "meta"]);
    const keys = asked(tx.objectStore("log").getAllKeys(chunksOf(this.#name)));
    const chunks = asked(tx.objectStore("log").getAll(chunksOf(this.#name)));
    const meta = asked(tx.objectStore("meta").get(this.#name));
    const last = /** @type {[string, number] | undefined} */ ((await keys).at(-1));
    this.#next = last ? last[1] + 1 : 0;
    this.#chunks = (await keys).length;
    const parts = (await chunks).filter((c) => c instanceof Uint8Array);
    return {
      log: parts.length ? concat(parts) : new Uint8Array(0),
      meta: /** @type {Meta | null} */ ((await meta) ?? null),
    };
  }

  /** @param {Uint8Array} bytes @param {Meta} meta */
  async append(bytes, meta) {
    const tx = this.#write(["log", "meta"]);
    if (bytes.length) tx.objectStore("log").add(bytes, [this.#name, this.#next]);
    tx.objectStore("meta").put(meta, this.#name);
    await committed(tx);
    if (!bytes.length) return;
    this.#next++;
    if (++this.#chunks > CHUNKS) {
      const { log } = await this.read();
      await this.replace(log, meta);
    }
  }

  /** @param {Uint8Array} bytes @param {Meta} meta */
  async replace(bytes, meta) {
    const tx = this.#write(["log", "meta"]);
    tx.objectStore("log").delete(chunksOf(this.#name));
    if (bytes.length) tx.objectStore("log").add(bytes, [this.#name, 0]);
    tx.objectStore("meta").put(meta, this.#name);
    await committed(tx);
    this.#next = this.#chunks = bytes.length ? 1 : 0;
  }

  /** @param {Uint8Array} bytes @param {object} about */
  async keepDamaged(bytes, about) {
    const tx = this.#write(["damaged"]);
    tx.objectStore("damaged").put({ ...about, bytes }, this.#name);
    await committed(tx);
  }

  async readDamaged() {
    const kept = await asked(this.#db.transaction("damaged").objectStore("damaged").get(this.#name));
    return kept?.bytes ?? null;
  }

  /** @param {string[]} stores */
  #write(stores) {
    return this.#db.transaction(stores, "readwrite", { durability: "strict" });
  }
}

/** @implements {Store} */
export class MemoryStore {
  durable = false;
  /** @type {Uint8Array[]} */
  #parts = [];
  /** @type {Meta | null} */
  #meta = null;
  /** @type {Uint8Array | null} */
  #damaged = null;

  async read() {
    return { log: this.#parts.length ? concat(this.#parts) : new Uint8Array(0), meta: this.#meta };
  }

  /** @param {Uint8Array} bytes @param {Meta} meta */
  async append(bytes, meta) {
    if (bytes.length) this.#parts.push(bytes);
    if (this.#parts.length > CHUNKS) this.#parts = [concat(this.#parts)];
    this.#meta = meta;
  }

  /** @param {Uint8Array} bytes @param {Meta} meta */
  async replace(bytes, meta) {
    this.#parts = bytes.length ? [bytes] : [];
    this.#meta = meta;
  }

  /** @param {Uint8Array} bytes */
  async keepDamaged(bytes) {
    this.#damaged = bytes;
  }

  async readDamaged() {
    return this.#damaged;
  }
}

/** Settings: small plain data by key. Memory stands in where there is no database. */
export class Settings {
  #db;
  /** @type {Map<string, any>} */
  #memory = new Map();

  /** @param {IDBDatabase | null} db */
  constructor(db) {
    this.#db = db;
  }

  /** @param {string} key @returns {Promise<any>} */
  async get(key) {
    if (this.#memory.has(key) || !this.#db) return this.#memory.get(key);
    try {
      return await asked(this.#db.transaction("settings").objectStore("settings").get(key));
    } catch {
      return undefined; // a setting that cannot be read is as good as none
    }
  }

  /** @param {string} key @param {any} value */
  async put(key, value) {
    this.#memory.set(key, value);
    if (!this.#db) return;
    try {
      const tx = this.#db.transaction("settings", "readwrite");
      tx.objectStore("settings").put(value, key);
      await committed(tx);
    } catch {
      // a full disk costs the setting's permanence, nothing else
    }
  }
}

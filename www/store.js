/**
 * What a sandbox's disk has on its platter, kept in IndexedDB where the browser allows it, else in memory. A file is a row
 * of changes under a number; names lead to numbers. What was committed here is what a power cut leaves.
 *
 * @typedef {object} Meta what is kept beside the platter
 * @prop {number} clock_ms the sandbox's clock at the last commit
 * @prop {string} seed
 *
 * @typedef {{name: string, file: number, bytes: Uint8Array}} KeptFile
 * @typedef {[number, Uint8Array] | [number]} Change bytes written at a place, or the length that is left
 * @typedef {[string, number][]} Names
 * @typedef {[[number, number, Uint8Array?][], number[], Names | null]} Changes as the engine gives them (take_changes)
 *
 * @typedef {object} Kept
 * @prop {KeptFile[]} files
 * @prop {Uint8Array} log a sandbox of before there was a disk: all its writes as RESP, and no files
 * @prop {Meta | null} meta
 *
 * @typedef {object} Store
 * @prop {boolean} durable
 * @prop {() => Promise<Kept>} read
 * @prop {(changes: Changes | null, meta: Meta) => Promise<void>} commit resolves when all of it is kept
 * @prop {(files: KeptFile[], meta: Meta) => Promise<void>} replace everything
 * @prop {(bytes: Uint8Array, about: object) => Promise<void>} keepDamaged
 * @prop {() => Promise<Uint8Array | null>} readDamaged
 */
import { concat } from "./resp.js";

/** How long the browser may take to open its database; some never answer. */
const PATIENCE_MS = 5000;

/** Changes of a file after which they are joined into one record; one more for each so many bytes that it has. */
const CHANGES = 512;
const BYTES_A_CHANGE = 1 << 16;

/**
 * Of the database: files is [sandbox, file, number of the change] -> Change, and [sandbox, 0, 0] -> Names; meta sandbox ->
 * Meta, damaged sandbox -> {bytes, …}, settings key -> plain data. log is [sandbox, number of the chunk] -> Uint8Array, from
 * before there were files.
 */
const OLD_STORES = ["log", "meta", "damaged", "settings"];
const STORES = [...OLD_STORES, "files"];

/** What was stored may be anything. @param {Meta | null} meta */
export const keptSeed = (meta) => (/^\d{1,19}$/.test(meta?.seed ?? "") ? meta?.seed : undefined);
/** @param {Meta | null} meta */
export const keptClock = (meta) => (Number.isFinite(meta?.clock_ms) ? Number(meta?.clock_ms) : 0);

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
  const request = indexedDB.open("redlab", 2);
  request.onupgradeneeded = () => {
    const there = request.result.objectStoreNames;
    // Somebody else's database stays as it is.
    if (there.length && !OLD_STORES.every((name) => there.contains(name))) return;
    for (const name of STORES) if (!there.contains(name)) request.result.createObjectStore(name);
  };
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("it does not answer")), PATIENCE_MS));
  const db = await Promise.race([asked(request), late]);
  const missing = STORES.find((name) => !db.objectStoreNames.contains(name));
  if (missing === undefined) return db;
  db.close();
  throw new Error(`the database has no part "${missing}"; clearing this site's data mends it`);
}

/**
 * The bytes of a file out of its changes. What is no change is passed over: the store may hold anything.
 * @param {Change[]} changes @returns {Uint8Array}
 */
export function fold(changes) {
  const sound = changes.filter(
    (c) =>
      Array.isArray(c) && Number.isSafeInteger(c[0]) && c[0] >= 0 && (c.length === 1 || c[1] instanceof Uint8Array),
  );
  const ends = sound.map(([at, bytes]) => (bytes instanceof Uint8Array ? at + bytes.length : 0));
  const out = new Uint8Array(ends.reduce((a, b) => Math.max(a, b), 0));
  let length = 0;
  sound.forEach(([at, bytes], i) => {
    if (bytes instanceof Uint8Array) {
      out.set(bytes, at);
      length = Math.max(length, ends[i]);
    } else if (at < length) {
      out.fill(0, at, length);
      length = at;
    }
  });
  return out.subarray(0, length);
}

/** Whether so many changes are worth one record. @param {number} count @param {number} bytes of the file */
const tooMany = (count, bytes) => count > CHANGES + bytes / BYTES_A_CHANGE;

/** @param {any} names @returns {Names} */
const soundNames = (names) =>
  (Array.isArray(names) ? names : []).filter(
    (n) => typeof n?.[0] === "string" && Number.isSafeInteger(n[1]) && n[1] > 0,
  );

/** @param {string} name */
const chunksOf = (name) => IDBKeyRange.bound([name, 0], [name, Infinity]);
/** @param {string} name */
const allOf = (name) => IDBKeyRange.bound([name], [name, []]);
/** @param {string} name @param {number} file */
const changesOf = (name, file) => IDBKeyRange.bound([name, file, 0], [name, file, Infinity]);

/** @implements {Store} */
export class DiskStore {
  durable = true;
  #db;
  #name;
  #next = 1;
  /** Records of each file, and its bytes at least. @type {Map<number, {count: number, bytes: number}>} */
  #sizes = new Map();
  /** Files that lost their names before they had any here; their numbers will be given again. @type {number[]} */
  #strays = [];

  /** @param {IDBDatabase} db @param {string} name of the sandbox */
  constructor(db, name) {
    this.#db = db;
    this.#name = name;
  }

  /** @returns {Promise<Kept>} */
  async read() {
    const tx = this.#db.transaction(["files", "log", "meta"]);
    const range = allOf(this.#name);
    const asking = [
      asked(tx.objectStore("files").getAllKeys(range)),
      asked(tx.objectStore("files").getAll(range)),
      asked(tx.objectStore("log").getAll(chunksOf(this.#name))),
      asked(tx.objectStore("meta").get(this.#name)),
    ];
    const [keys, values, chunks, meta] = /** @type {[any[], any[], any[], any]} */ (await Promise.all(asking));
    /** @type {Map<number, Change[]>} */
    const changes = new Map();
    keys.forEach(([, file, n], i) => {
      this.#next = Math.max(this.#next, n + 1);
      const row = changes.get(file) ?? [];
      changes.set(file, row);
      row.push(values[i]);
    });
    const names = soundNames(changes.get(0)?.[0]);
    const named = new Set(names.map(([, file]) => file));
    this.#strays = [...changes.keys()].filter((file) => file !== 0 && !named.has(file));
    const files = names.map(([name, file]) => ({ name, file, bytes: fold(changes.get(file) ?? []) }));
    this.#sizes = new Map(
      files.map(({ file, bytes }) => [file, { count: changes.get(file)?.length ?? 0, bytes: bytes.length }]),
    );
    const parts = chunks.filter((c) => c instanceof Uint8Array);
    return { files, log: files.length || !parts.length ? new Uint8Array(0) : concat(parts), meta: meta ?? null };
  }

  /** @param {Changes | null} changes @param {Meta} meta */
  async commit(changes, meta) {
    const [bytes, gone, names] = changes ?? [[], [], null];
    await this.#write(["files", "meta"], (tx) => {
      const files = tx.objectStore("files");
      for (const file of this.#strays) files.delete(changesOf(this.#name, file));
      for (const [file, ...change] of bytes) files.add(change, [this.#name, file, this.#next++]);
      for (const file of gone) files.delete(changesOf(this.#name, file));
      if (names) files.put(names, [this.#name, 0, 0]);
      tx.objectStore("meta").put(meta, this.#name);
    });
    this.#strays = [];
    for (const [file, at, part] of bytes) {
      const size = this.#sizes.get(file) ?? { count: 0, bytes: 0 };
      this.#sizes.set(file, { count: size.count + 1, bytes: Math.max(size.bytes, at + (part?.length ?? 0)) });
    }
    for (const file of gone) this.#sizes.delete(file);
    for (const [file, { count, bytes }] of this.#sizes) if (tooMany(count, bytes)) await this.#join(file);
  }

  /** Makes one record of a file's changes. @param {number} file */
  async #join(file) {
    const range = changesOf(this.#name, file);
    const bytes = fold(await asked(this.#db.transaction("files").objectStore("files").getAll(range)));
    await this.#write(["files"], (tx) => {
      tx.objectStore("files").delete(range);
      tx.objectStore("files").add([0, bytes], [this.#name, file, this.#next++]);
    });
    this.#sizes.set(file, { count: 1, bytes: bytes.length });
  }

  /** @param {KeptFile[]} files @param {Meta} meta */
  async replace(files, meta) {
    await this.#write(["files", "log", "meta"], (tx) => {
      const store = tx.objectStore("files");
      store.delete(allOf(this.#name));
      tx.objectStore("log").delete(chunksOf(this.#name));
      for (const { file, bytes } of files) store.add([0, bytes], [this.#name, file, this.#next++]);
      store.put(
        files.map(({ name, file }) => [name, file]),
        [this.#name, 0, 0],
      );
      tx.objectStore("meta").put(meta, this.#name);
    });
    this.#strays = [];
    this.#sizes = new Map(files.map(({ file, bytes }) => [file, { count: 1, bytes: bytes.length }]));
  }

  /** @param {Uint8Array} bytes @param {object} about */
  async keepDamaged(bytes, about) {
    await this.#write(["damaged"], (tx) => void tx.objectStore("damaged").put({ ...about, bytes }, this.#name));
  }

  async readDamaged() {
    const kept = await asked(this.#db.transaction("damaged").objectStore("damaged").get(this.#name));
    return kept?.bytes ?? null;
  }

  /** All of `work` or nothing. @param {string[]} stores @param {(tx: IDBTransaction) => void} work */
  async #write(stores, work) {
    const tx = this.#db.transaction(stores, "readwrite", { durability: "strict" });
    try {
      work(tx);
    } catch (e) {
      tx.abort();
      throw e;
    }
    await committed(tx);
  }
}

/** @implements {Store} */
export class MemoryStore {
  durable = false;
  /** @type {Map<number, Change[]>} */
  #files = new Map();
  /** @type {Names} */
  #names = [];
  /** @type {Meta | null} */
  #meta = null;
  /** @type {Uint8Array | null} */
  #damaged = null;

  /** @returns {Promise<Kept>} */
  async read() {
    const files = this.#names.map(([name, file]) => ({ name, file, bytes: fold(this.#files.get(file) ?? []) }));
    return { files, log: new Uint8Array(0), meta: this.#meta };
  }

  /** @param {Changes | null} changes @param {Meta} meta */
  async commit(changes, meta) {
    const [bytes, gone, names] = changes ?? [[], [], null];
    for (const [file, ...change] of bytes) {
      const row = this.#files.get(file) ?? [];
      this.#files.set(file, row);
      row.push(/** @type {Change} */ (change));
      if (tooMany(row.length, row[0][1]?.length ?? 0)) this.#files.set(file, [[0, fold(row)]]);
    }
    for (const file of gone) this.#files.delete(file);
    if (names) this.#names = names;
    this.#meta = meta;
  }

  /** @param {KeptFile[]} files @param {Meta} meta */
  async replace(files, meta) {
    this.#files = new Map(files.map(({ file, bytes }) => [file, [[0, bytes]]]));
    this.#names = files.map(({ name, file }) => [name, file]);
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

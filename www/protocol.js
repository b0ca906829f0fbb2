/**
 * The engine as the page sees it: a worker behind a MessagePort. The lab and an embed's iframe use the same messages.
 *
 * A request carries an id and is answered by {id, ok} or {id, error}; events carry `event`. They travel together
 * (outbox.js); large byte strings as transferred ArrayBuffers. A world is one engine with its clock, its connections and where it is kept; a port may
 * open several.
 *
 * @typedef {object} WorldOptions
 * @prop {string | null} name the sandbox that is kept under this name, or null for one that lives in memory
 * @prop {string} [seed] decimal; without it a stored one, else a random one
 * @prop {number} [start_ms] ms since 1970; without it the wall clock, never before the stored clock
 * @prop {boolean} [many] a world of several nodes (estate-host.js), which takes its own options
 * @prop {any} [lesson] a compiled lesson: the engine runs its setup and grades it; its seed stands in for `seed`
 * @prop {string[][]} [setup] commands to run first, in a connection of their own (unless there are files to load)
 *
 * @typedef {object} Saved
 * @prop {"saved" | "full" | "memory" | "refused" | "second"} state `full`: storage has no room for more now; `memory`: meant to be; `refused`: storage would not; `second`: another tab has it
 * @prop {string} reason in words, "" when saved
 * @prop {number} bytes of all files that are on the platter: what a power cut leaves
 * @prop {number} unsynced bytes that are only in the page cache
 * @prop {boolean} aof writes go to the append-only file
 * @prop {boolean} free the other tab has closed: takeOver() is possible
 *
 * @typedef {object} Damage what was wrong with the files at the start
 * @prop {string} error in the server's words
 * @prop {number} total_bytes what was set aside
 * @prop {boolean} emptied nothing could be read
 * @prop {number} keys that were read
 *
 * @typedef {object} WorldInfo
 * @prop {number} world
 * @prop {string} seed
 * @prop {string} version
 * @prop {number} now_ms
 * @prop {number} keys read from the files
 * @prop {Saved} saved
 * @prop {Damage | null} damage
 *
 * @typedef {{text: string} | {code: string}} Part a piece of a reason
 * @typedef {{id: string, met: boolean, why: Part[], since_ms?: number}} GoalState
 * @typedef {{lesson: string, goals: GoalState[], met: number, completed_ms?: number, forbidden?: {command: string, at_ms: number}, broken?: {goal: string, at_ms: number, why: Part[]}, score: number, score_max: number, hints: {goal: string, step: string, cost: number}[]}} LessonState
 *
 * @typedef {{out: Uint8Array, now_ms: number, cost_us: number, closed: boolean, ran: number, conn?: number}} Exec `ran`: the command's number, as the
 *   view of the log names who wrote something; 0 if it is not known; `conn`: the connection's number, where worlds have numbers for them
 *
 * @typedef {{event: "output", world: number, session: number, out: ArrayBuffer, closed: boolean, now_ms: number}
 *   | {event: "saved", world: number, saved: Saved}
 *   | {event: "clock", world: number, now_ms: number, slept_ms: number}
 *   | {event: "restarted", world: number, info: WorldInfo}
 *   | {event: "rebooted", world: number, down: string}
 *   | {event: "lesson", world: number, state: LessonState}
 *   | {event: "estate", world: number, state: import("./estate/world.js").EstateState}
 *   | {event: "trap", world: number, message: string}} EngineEvent
 */

import { opened, outbox } from "./outbox.js";

/** A worker or iframe at the other end of `port`. */
export class EngineClient {
  #post;
  #next = 1;
  /** @type {Map<number, {resolve: (x: any) => void, reject: (e: Error) => void}>} */
  #waiting = new Map();
  /** @type {Map<number, World>} */
  #worlds = new Map();

  /** @param {MessagePort | Worker} port */
  constructor(port) {
    this.#post = outbox(port);
    port.onmessage = (e) => opened(e.data).forEach((m) => this.#receive(m));
    if ("onerror" in port)
      port.onerror = (e) => this.fail(String(/** @type {any} */ (e).message ?? "the engine's worker could not start"));
    if ("start" in port) port.start();
  }

  /** Ends every open request with an error. @param {string} why */
  fail(why) {
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }

  /**
   * @param {string} op
   * @param {object} [args]
   * @param {Transferable[]} [transfer]
   * @returns {Promise<any>}
   */
  request(op, args = {}, transfer = []) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post({ id, op, ...args }, transfer);
    });
  }

  /** @param {any} m */
  #receive(m) {
    if ("event" in m) return this.#worlds.get(m.world)?.receive(m);
    const waiting = this.#waiting.get(m.id);
    this.#waiting.delete(m.id);
    if ("error" in m) waiting?.reject(new Error(m.error));
    else waiting?.resolve("raw" in m ? { ...m.ok, out: m.raw } : m.ok);
  }

  /** @param {WorldOptions} options @returns {Promise<World>} */
  async open(options) {
    return this.adopt(new World(this, await this.request("open", { options })));
  }

  /** Tells a world from now on what is said of it. @template {World} W @param {W} world @returns {W} */
  adopt(world) {
    this.#worlds.set(world.info.world, world);
    return world;
  }

  /** @param {World} world */
  forget(world) {
    this.#worlds.delete(world.info.world);
  }

  /** A setting that outlives the page, where storage allows. @param {string} key @returns {Promise<any>} */
  getSetting(key) {
    return this.request("getSetting", { key });
  }

  /** @param {string} key @param {any} value plain data */
  putSetting(key, value) {
    return this.request("putSetting", { key, value });
  }
}

/**
 * One engine. Fires `saved`, `clock`, `lesson`, `restarted`, `rebooted` (a lesson's server alone) and `trap`, each a CustomEvent with the message as its detail.
 */
export class World extends EventTarget {
  /** Does something to one of several machines; nothing where there is one alone. @type {((line: string) => Promise<void>) | undefined} */
  hand;
  /** @type {Map<number, Session>} */
  #sessions = new Map();

  /** @param {EngineClient} client @param {WorldInfo} info */
  constructor(client, info) {
    super();
    this.client = client;
    this.info = info;
  }

  /** @param {EngineEvent} m */
  receive(m) {
    if (m.event === "output") return this.#sessions.get(m.session)?.receive(new Uint8Array(m.out), m.closed, m.now_ms);
    if (m.event === "saved") this.info.saved = m.saved;
    if (m.event === "clock") this.info.now_ms = m.now_ms;
    if (m.event === "restarted") {
      this.info = m.info;
      this.tellSessions("restarted");
    }
    if (m.event === "rebooted") {
      const words = m.down
        ? `The server does not run: ${m.down}`
        : "The server has started again from its files: a new connection, database 0.";
      for (const s of this.#sessions.values()) s.dispatchEvent(new CustomEvent("restarted", { detail: words }));
    }
    this.dispatchEvent(new CustomEvent(m.event, { detail: m }));
  }

  /** @param {string} op @param {object} [args] @param {Transferable[]} [transfer] */
  #ask(op, args = {}, transfer = []) {
    return this.client.request(op, { world: this.info.world, ...args }, transfer);
  }

  /** @param {string} what an event */
  tellSessions(what) {
    for (const s of this.#sessions.values()) s.dispatchEvent(new Event(what));
  }

  /** A new client connection. @param {string} [host] where there are several @returns {Promise<Session>} */
  async connect(host) {
    const id = await this.#ask("connect", { host });
    const session = new Session(this, id, (op, args, transfer) => this.#ask(op, { session: id, ...args }, transfer));
    this.#sessions.set(id, session);
    return session;
  }

  /** @param {Session} session */
  forget(session) {
    this.#sessions.delete(session.id);
  }

  /** Lets its clock stand still while nobody looks. @param {boolean} resting */
  rest(resting) {
    return this.#ask("rest", { resting });
  }

  /** Lets scripts stop before their first line, or run on. @param {boolean} on @returns {Promise<void>} */
  holdScripts(on) {
    return this.#ask("holdScripts", { on });
  }

  /** Runs the script that is held to its next line, or to a line. @param {number} line 0: the next @returns {Promise<void>} */
  stepScript(line) {
    return this.#ask("stepScript", { line });
  }

  /** Ends the server and starts it again from what was saved; a lesson without a disk begins anew. */
  restart() {
    return this.#ask("restart");
  }

  /** Empties the world: a new engine with the same seed. */
  reset() {
    return this.#ask("reset");
  }

  /** How the lesson stands; null without one. Changes are told by `lesson` events. @returns {Promise<LessonState | null>} */
  lesson() {
    return this.#ask("lesson");
  }

  /** Opens a hint of a goal; it costs the first time. @param {string} goal @param {string} step @returns {Promise<LessonState>} */
  hint(goal, step) {
    return this.#ask("hint", { goal, step });
  }

  /** The append-only file in one. @returns {Promise<Uint8Array>} */
  download() {
    return this.#ask("download");
  }

  /** All files as they are, in a tar archive. @returns {Promise<Uint8Array>} */
  downloadFiles() {
    return this.#ask("downloadFiles");
  }

  /** Cuts the power; `torn` bytes of the write at work have arrived. @param {number} [torn] */
  crash(torn = 0) {
    return this.#ask("crash", { torn });
  }

  /** Sets what the disk is like: `set_disk` of the engine. @param {string} what @param {number} value */
  setDisk(what, value) {
    return this.#ask("setDisk", { what, value });
  }

  /** Turns a bit over on the platter; whether there is such a byte. @param {string} name @param {number} offset @param {number} bit @returns {Promise<boolean>} */
  flip(name, offset, bit) {
    return this.#ask("flip", { name, offset, bit });
  }

  /** Puts files on the desk, to be looked at and no more; their paths there. @param {{name: string, bytes: Uint8Array}[]} files @returns {Promise<string[]>} */
  bring(files) {
    return this.#ask("desk", { what: "bring", files });
  }

  /** Takes them away. */
  clearDesk() {
    return this.#ask("desk", { what: "clearDesk" });
  }

  /** A file's bytes. @param {string} name @returns {Promise<Uint8Array | null>} */
  file(name) {
    return this.#ask("desk", { what: "file", name });
  }

  /** Puts a byte in the place of another one, on the platter; whether there is such a byte. @param {string} name @param {number} offset @param {number} byte @returns {Promise<boolean>} */
  edit(name, offset, byte) {
    return this.#ask("desk", { what: "edit", name, offset, byte });
  }

  /**
   * Runs the check tool that fits a file, of which the end of its path is enough; what it cut off is gone.
   * @param {string} name @param {string} [repair] "fix", or the second since 1970 to cut it to
   * @returns {Promise<{text: string, good: boolean, cut: string | null}>}
   */
  check(name, repair = "") {
    return this.#ask("desk", { what: "check", name, repair });
  }

  /** What a server says that starts with a file: nothing here changes. @param {string} name @returns {Promise<{words: string, runs: boolean, keys: number}>} */
  tryFile(name) {
    return this.#ask("tryFile", { name });
  }

  /** Starts the sandbox anew with a file in place of what is there. @param {string} name @returns {Promise<Damage | null>} */
  loadFile(name) {
    return this.#ask("loadFile", { name });
  }

  /** The files: name, bytes, those on the platter, those that the device was told to write. @returns {Promise<[string, number, number, number][]>} */
  disk() {
    return this.#ask("disk");
  }

  /** The damaged files that were set aside, if there are any, in a tar archive. @returns {Promise<Uint8Array | null>} */
  downloadDamaged() {
    return this.#ask("downloadDamaged");
  }

  /** Puts a log, a snapshot or an archive of files in place of what is there. @param {ArrayBuffer} bytes @returns {Promise<Damage | null>} */
  upload(bytes) {
    return this.#ask("upload", { bytes }, [bytes]);
  }

  /** The other tab is gone: read what it saved, and save here from now on. */
  takeOver() {
    return this.#ask("takeOver");
  }

  async close() {
    await this.#ask("close");
    this.client.forget(this);
  }
}

/** One connection. Fires `output` (detail: {out, closed, now_ms}) for what was not asked for, `restarted`, and `moved` (the world is at another moment). */
export class Session extends EventTarget {
  #ask;

  /**
   * @param {World} world
   * @param {number} id
   * @param {(op: string, args?: object, transfer?: Transferable[]) => Promise<any>} ask
   */
  constructor(world, id, ask) {
    super();
    this.world = world;
    this.id = id;
    this.#ask = ask;
  }

  /**
   * Feeds request bytes; resolves once what they wrote is committed.
   * @param {Uint8Array} bytes
   * @returns {Promise<Exec>}
   */
  async exec(bytes) {
    return this.#ask("exec", { raw: bytes.slice() });
  }

  /**
   * The model of a view after a command ran, or null where there is nothing to show.
   * @param {string} view
   * @param {Uint8Array[]} argv
   * @returns {Promise<any>}
   */
  inspect(view, argv) {
    return this.#ask("inspect", { view, argv: argv.map((a) => a.slice()) });
  }

  /** A new connection in place of the old one; how long the server will not answer, in ms. @returns {Promise<number>} */
  reconnect() {
    return this.#ask("reconnect");
  }

  /** @param {Uint8Array} out @param {boolean} closed @param {number} now_ms */
  receive(out, closed, now_ms) {
    this.dispatchEvent(new CustomEvent("output", { detail: { out, closed, now_ms } }));
  }

  async close() {
    this.world.forget(this);
    await this.#ask("disconnect");
  }
}

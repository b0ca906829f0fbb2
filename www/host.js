/**
 * A world in the worker: one engine, its clock, its connections, and the log that keeps it.
 *
 * Work is done in slices of a few milliseconds. What a slice wrote is committed before any of its replies leave: what
 * the learner sees acknowledged has been kept.
 *
 * @import { Damage, Saved, WorldInfo, WorldOptions, EngineEvent } from "./protocol.js"
 * @import { Meta, Store } from "./store.js"
 */
import { Engine } from "./engine.js";
import { bringFor, bringRest, canRun } from "./later.js";
import { encodeCommand } from "./resp.js";
import { DiskStore, MemoryStore } from "./store.js";

const SLICE_MS = 4;
/** Instructions that a script runs between two looks at the clock: a fraction of a millisecond. */
const SCRIPT_FUEL = 20_000;
/** How often an idle world runs its timers. */
const TICK_MS = 100;
/** Wall time that may pass unseen; more means that the page was frozen, and the world with it. */
const MISSED_MS = 1000;
/** How often an idle world's clock is kept. */
const KEEP_CLOCK_MS = 10_000;

/**
 * @typedef {{session: number, bytes: Uint8Array, done: (r: any, transfer: Transferable[]) => void, fail: (e: unknown) => void}} Job
 * @typedef {{db: IDBDatabase | null, refused: string, emit: (e: EngineEvent, transfer?: Transferable[]) => void}} Surroundings
 */

/** A seed short enough to be told to somebody. */
const randomSeed = () => String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000);

/** What was stored may be anything. @param {Meta | null} meta */
const keptSeed = (meta) => (/^\d{1,19}$/.test(meta?.seed ?? "") ? meta?.seed : undefined);
/** @param {Meta | null} meta */
const keptClock = (meta) => (Number.isFinite(meta?.clock_ms) ? Number(meta?.clock_ms) : 0);

/** Lets messages in between two slices. @returns {Promise<void>} */
const turn = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

export class HostWorld {
  /** @type {Engine} */
  #engine = /** @type {any} */ (null);
  /** @type {Store} */
  #store = new MemoryStore();
  #seed = "0";
  #clockMs = 0;
  #seenMs = performance.now();
  #keptMs = performance.now();
  /** Sessions whose connection the server has ended. @type {Set<number>} */
  #ended = new Set();
  /** Sessions to the engine's connections. @type {Map<number, number>} */
  #conns = new Map();
  #nextSession = 1;
  /** @type {Job[]} */
  #queue = [];
  #running = false;
  #timer = 0;
  /** @type {Saved} */
  #saved = { state: "memory", reason: "", bytes: 0, free: false };
  /** @type {[string, string][]} */
  #hints = [];
  #lessonChanged = false;
  /** Gives the sandbox's lock back. */
  #release = () => {};
  #closed = false;
  /** Scripts are gone through line by line. */
  #holds = false;
  /** Nobody looks: the clock stands still. */
  #resting = false;
  /** Ends when what touches engine and store together has ended. @type {Promise<any>} */
  #turn = Promise.resolve();

  /** @param {number} id @param {WorldOptions} options @param {Surroundings} around */
  constructor(id, options, around) {
    this.id = id;
    this.options = options;
    this.around = around;
  }

  /** @returns {Promise<WorldInfo>} */
  async open() {
    const info = await this.#load(await this.#findStore());
    this.#arm();
    return info;
  }

  /** Where to read from; decides what `saved` says. @returns {Promise<Store>} */
  async #findStore() {
    const { name } = this.options;
    if (name === null) {
      this.#saved = { state: "memory", reason: "Kept in memory only.", bytes: 0, free: false };
      return new MemoryStore();
    }
    if (!this.around.db) {
      this.#saved = { state: "refused", reason: this.around.refused, bytes: 0, free: false };
      return new MemoryStore();
    }
    const disk = new DiskStore(this.around.db, name);
    if (await this.#lock(name)) {
      this.#saved = { state: "saved", reason: "", bytes: 0, free: false };
      return disk;
    }
    // Another tab writes this log: work on a copy.
    const copy = new MemoryStore();
    const { log, meta } = await disk.read();
    if (meta) await copy.replace(log, meta);
    this.#saved = {
      state: "second",
      reason: "Another tab has this sandbox open. This one works on a copy.",
      bytes: 0,
      free: false,
    };
    return copy;
  }

  /** Takes the sandbox's lock if it is free; else waits for it in the background. @param {string} name @returns {Promise<boolean>} */
  #lock(name) {
    const locks = navigator.locks;
    if (!locks) return Promise.resolve(true);
    const hold = () => new Promise((/** @type {(x?: any) => void} */ release) => (this.#release = release));
    return new Promise((answer) => {
      locks.request(`redlab:${name}`, { ifAvailable: true }, (lock) => {
        answer(lock !== null);
        return lock ? hold() : undefined;
      });
    }).then((got) => {
      if (!got)
        locks.request(`redlab:${name}`, () => {
          if (this.#closed) return;
          const held = hold();
          this.#setSaved({ ...this.#saved, free: true });
          return held;
        });
      return Boolean(got);
    });
  }

  /** A new engine out of what the store holds. @param {Store} store @returns {Promise<WorldInfo>} */
  async #load(store) {
    /** @type {{log: Uint8Array, meta: Meta | null}} */
    let kept;
    try {
      kept = await store.read();
    } catch (e) {
      this.#saved = { state: "refused", reason: `The saved data could not be read: ${e}`, bytes: 0, free: false };
      store = new MemoryStore();
      kept = await store.read();
    }
    this.#store = store;
    this.#seed = this.options.lesson
      ? String(this.options.lesson.seed)
      : (this.options.seed ?? keptSeed(kept.meta) ?? randomSeed());
    this.#clockMs = Math.max(this.options.start_ms ?? Date.now(), keptClock(kept.meta));
    this.#seenMs = performance.now();
    if (kept.log.length || this.options.lesson || this.options.setup?.length) await bringRest();
    this.#newEngine();
    const { damage, commands } = await this.#replay(kept.log);
    if (this.options.lesson) this.#startLesson();
    if (!kept.log.length) await this.#setup();
    this.#ended.clear();
    for (const session of this.#conns.keys()) this.#conns.set(session, this.#engine.connect());
    await this.#commit();
    return this.#info(damage, commands);
  }

  #newEngine() {
    this.#engine = new Engine(BigInt(this.#seed), this.#clockMs);
    this.#engine.keep_log();
  }

  /** @param {Uint8Array} log @returns {Promise<{damage: Damage | null, commands: number}>} */
  async #replay(log) {
    this.#saved.bytes = log.length;
    if (!log.length) return { damage: null, commands: 0 };
    const loaded = this.#read(log);
    this.#engine.take_log();
    if (!loaded.error) return { damage: null, commands: loaded.commands };
    const damage = {
      error: loaded.error,
      read_bytes: loaded.read_bytes,
      total_bytes: log.length,
      commands: loaded.commands,
    };
    await this.#guard(async () => {
      await this.#store.keepDamaged(log, { ...damage, at_ms: this.#clockMs });
      await this.#store.replace(log.slice(0, loaded.read_bytes), this.#meta());
    });
    this.#saved.bytes = loaded.read_bytes;
    return { damage, commands: loaded.commands };
  }

  /** A log that kills the engine is set aside like a damaged one: the sandbox must open. @param {Uint8Array} log */
  #read(log) {
    try {
      return this.#engine.load_log(log);
    } catch (e) {
      this.#newEngine();
      return { error: `it stops the engine (${e})`, read_bytes: 0, commands: 0 };
    }
  }

  /** Hints that were paid for stay open when the lesson starts anew. */
  #startLesson() {
    this.#engine.lesson_start(this.options.lesson);
    for (const [goal, step] of this.#hints) this.#engine.lesson_hint(goal, step);
    this.#lessonChanged = true;
  }

  async #setup() {
    if (!this.options.setup?.length) return;
    const conn = this.#engine.connect();
    for (const argv of this.options.setup) this.#engine.exec(conn, encodeCommand(argv));
    this.#engine.disconnect(conn);
  }

  /** @returns {Meta} */
  #meta() {
    return { clock_ms: this.#clockMs, seed: this.#seed };
  }

  /** @param {Damage | null} damage @param {number} commands @returns {WorldInfo} */
  #info(damage, commands) {
    return {
      world: this.id,
      seed: this.#seed,
      version: this.#engine.version(),
      now_ms: this.#clockMs,
      commands,
      saved: { ...this.#saved },
      damage,
    };
  }

  /** @param {Saved} saved */
  #setSaved(saved) {
    this.#saved = saved;
    this.around.emit({ event: "saved", world: this.id, saved: { ...saved } });
  }

  /** Storage that fails is left for memory, and the page says so. @param {() => Promise<void>} write */
  async #guard(write) {
    try {
      await write();
    } catch (e) {
      const { log, meta } = await this.#store.read().catch(() => ({ log: new Uint8Array(0), meta: null }));
      this.#store = new MemoryStore();
      await this.#store.replace(log, meta ?? this.#meta());
      const name = e instanceof DOMException ? e.name : "";
      const reason =
        name === "QuotaExceededError" ? "The browser's storage is full." : `The browser refused to save: ${e}`;
      this.#setSaved({ state: "refused", reason, bytes: log.length, free: false });
      await write().catch(() => {});
    }
  }

  async #commit() {
    const bytes = this.#engine.take_log();
    const clockDue = this.#store.durable && performance.now() - this.#keptMs > KEEP_CLOCK_MS;
    if (!bytes.length && !clockDue) return;
    this.#keptMs = performance.now();
    await this.#guard(() => this.#store.append(bytes, this.#meta()));
    this.#saved.bytes += bytes.length;
    if (bytes.length) this.#setSaved({ ...this.#saved });
  }

  /** Moves the world's clock by the wall time that passed. */
  #advance() {
    const now = performance.now();
    const passed = this.#resting ? 0 : now - this.#seenMs;
    this.#seenMs = now;
    if (passed > MISSED_MS)
      this.around.emit({ event: "clock", world: this.id, now_ms: this.#clockMs, slept_ms: passed });
    else this.#clockMs += passed;
    this.#engine.advance(this.#clockMs);
  }

  /** Wakes the world when its engine next has something to do. */
  #arm() {
    clearTimeout(this.#timer);
    if (this.#closed || this.#resting) return;
    const due = this.#engine.next_timer() - this.#clockMs;
    this.#timer = setTimeout(() => this.#tick(), Math.max(SLICE_MS, Math.min(due, TICK_MS)));
  }

  async #tick() {
    if (!this.#running) await this.#run(true);
    this.#arm();
  }

  /**
   * One after another: a slice that is being committed must not meet a reset.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  #alone(work) {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** @param {Job} job */
  exec(job) {
    if (this.#closed) return job.fail(new Error("The engine has stopped; reload the page."));
    this.#queue.push(job);
    if (!this.#running) this.#run(false);
  }

  /** Slices until the queue is empty. @param {boolean} once run one slice even with nothing queued */
  async #run(once) {
    this.#running = true;
    try {
      while ((once || this.#queue.length || this.#engine.runs_script()) && !this.#closed) {
        once = false;
        await this.#bringParts();
        await this.#alone(() => this.#slice());
        if (this.#queue.length || this.#engine.runs_script()) await turn();
      }
    } catch (e) {
      await this.#trapped(e);
    }
    this.#running = false;
    if (this.#queue.length) this.#run(false); // what came while the engine was started again
  }

  /** Parts of the engine that queued commands need. Who cannot have one is told, before anything has happened. */
  async #bringParts() {
    for (const job of this.#queue.filter(({ bytes }) => !canRun(bytes)))
      try {
        await bringFor(job.bytes);
      } catch (e) {
        this.#queue.splice(this.#queue.indexOf(job), 1);
        job.fail(e);
      }
  }

  async #slice() {
    this.#advance();
    const until = performance.now() + SLICE_MS;
    /** @type {(() => void)[]} */
    const answers = [];
    let taken = 0;
    // They stay in the queue until all have run: if one kills the engine, none of them has happened.
    while (taken < this.#queue.length && (taken === 0 || performance.now() < until))
      answers.push(this.#one(this.#queue[taken++]));
    this.#queue.splice(0, taken);
    // A script that is not through gets what is left of the slice; whoever sends something meanwhile has a turn after it.
    while (this.#engine.runs_script() && performance.now() < until) this.#engine.work(SCRIPT_FUEL);
    const pushes = this.#collectOutput();
    this.#look();
    await this.#commit();
    for (const answer of answers) answer();
    for (const push of pushes) this.around.emit(push, [/** @type {any} */ (push).out]);
    this.#tellLesson();
    if (this.#engine.exited()) await this.#startAgain();
  }

  /** Runs a job; the answer is given by the function returned. @param {Job} job @returns {() => void} */
  #one(job) {
    const conn = this.#conns.get(job.session);
    if (conn === undefined) return () => job.fail(new Error("no such session"));
    const start = performance.now();
    const out = this.#engine.exec(conn, job.bytes);
    this.#look();
    const cost_us = (performance.now() - start) * 1000;
    this.#engine.measured(Math.max(1, cost_us));
    const closed = this.#isClosed(job.session, conn);
    const now_ms = this.#clockMs;
    return () => job.done({ out: out.buffer, now_ms, cost_us, closed }, [out.buffer]);
  }

  /** @param {number} session @param {number} conn */
  #isClosed(session, conn) {
    const closed = this.#engine.closed(conn);
    if (closed) this.#ended.add(session);
    return closed;
  }

  /** What connections got without asking: pushes, and replies they were blocked for. @returns {EngineEvent[]} */
  #collectOutput() {
    /** @type {EngineEvent[]} */
    const events = [];
    for (const [session, conn] of this.#conns) {
      const out = this.#engine.output(conn);
      const ended = this.#ended.has(session);
      const closed = this.#isClosed(session, conn);
      if (!out.length && closed === ended) continue;
      events.push({
        event: "output",
        world: this.id,
        session,
        out: /** @type {ArrayBuffer} */ (out.buffer),
        closed,
        now_ms: this.#clockMs,
      });
    }
    return events;
  }

  /** The engine died: say so, and start again from what was committed. @param {unknown} e */
  async #trapped(e) {
    const jobs = this.#queue.splice(0);
    this.around.emit({ event: "trap", world: this.id, message: String(e) });
    try {
      await this.#alone(() => this.#startAgain());
    } catch {
      clearTimeout(this.#timer);
      this.#closed = true;
    }
    if (this.#closed) jobs.push(...this.#queue.splice(0));
    for (const job of jobs) job.fail(e);
  }

  /** The server has ended, well or badly: something starts it again, as in most places. A lesson begins anew. */
  async #startAgain() {
    if (this.options.lesson) await this.#guard(() => this.#store.replace(new Uint8Array(0), this.#meta()));
    await this.#restart();
  }

  /** A new engine from the store; the sessions stay, their connections are new. @returns {Promise<WorldInfo>} */
  async #restart() {
    const info = await this.#load(this.#store);
    this.around.emit({ event: "restarted", world: this.id, info });
    return info;
  }

  connect() {
    const session = this.#nextSession++;
    this.#conns.set(session, this.#engine.connect());
    return session;
  }

  /**
   * A new connection for a session. Answers how long the engine has already decided not to answer, in ms: it runs its
   * timers often, unless it is asleep (DEBUG SLEEP).
   * @param {number} session
   */
  reconnect(session) {
    const conn = this.#conns.get(session);
    if (conn !== undefined) this.#engine.disconnect(conn);
    this.#conns.set(session, this.#engine.connect());
    this.#ended.delete(session);
    const quiet_ms = this.#engine.next_timer() - this.#clockMs;
    return quiet_ms > MISSED_MS ? quiet_ms : 0;
  }

  /** @param {number} session */
  disconnect(session) {
    const conn = this.#conns.get(session);
    if (conn !== undefined) this.#engine.disconnect(conn);
    this.#conns.delete(session);
  }

  /** @param {number} session @param {string} view @param {Uint8Array[]} argv */
  inspect(session, view, argv) {
    const conn = this.#conns.get(session);
    if (view === "script") this.#engine.script_hold(this.#holds);
    return conn === undefined ? null : this.#engine.inspect(conn, view, argv);
  }

  /** Scripts stop before their first line, or run on. @param {boolean} on */
  holdScripts(on) {
    this.#holds = on;
    this.#engine.script_hold(on);
    if (!this.#running) this.#run(true);
  }

  /** @param {number} line 0: the next */
  stepScript(line) {
    this.#engine.script_step(line);
    if (!this.#running) this.#run(true);
  }

  lesson() {
    return this.#engine.lesson_state();
  }

  /** @param {string} goal @param {string} step */
  hint(goal, step) {
    if (!this.#engine.lesson_hint(goal, step)) throw new Error(`no such hint: ${goal} ${step}`);
    this.#hints.push([goal, step]);
    const state = this.#engine.lesson_state();
    this.around.emit({ event: "lesson", world: this.id, state });
    return state;
  }

  /** Judges the goals; a change is told at the end of the slice. */
  #look() {
    if (this.options.lesson && this.#engine.lesson_look()) this.#lessonChanged = true;
  }

  #tellLesson() {
    if (!this.#lessonChanged) return;
    this.#lessonChanged = false;
    this.around.emit({ event: "lesson", world: this.id, state: this.#engine.lesson_state() });
  }

  /** Lets the clock stand still, and go on. @param {boolean} resting */
  rest(resting) {
    if (this.#resting === resting) return;
    this.#advance();
    this.#resting = resting;
    this.#arm();
  }

  /** Ends the server and starts it again. */
  restart() {
    return this.#alone(() => this.#startAgain());
  }

  reset() {
    return this.#alone(async () => {
      await this.#guard(() => this.#store.replace(new Uint8Array(0), { ...this.#meta(), clock_ms: 0 }));
      await this.#restart();
    });
  }

  async download() {
    return (await this.#store.read()).log;
  }

  downloadDamaged() {
    return this.#store.readDamaged();
  }

  /**
   * A file of which nothing can be read is refused: what is here stays.
   * @param {Uint8Array} bytes
   */
  async upload(bytes) {
    if (this.options.lesson) throw new Error("a lesson brings its own data");
    const trial = new Engine(0n, this.#clockMs);
    const { error, commands } = trial.load_log(bytes);
    trial.free();
    if (!commands) throw new Error(error ? `it is no append-only file (${error})` : "it is empty");
    return this.#alone(async () => {
      await this.#guard(() => this.#store.replace(bytes, this.#meta()));
      return (await this.#restart()).damage;
    });
  }

  takeOver() {
    const { name } = this.options;
    const { db } = this.around;
    if (!this.#saved.free || name === null || !db) throw new Error("the other tab still has it");
    return this.#alone(async () => {
      this.#saved = { state: "saved", reason: "", bytes: 0, free: false };
      const info = await this.#load(new DiskStore(db, name));
      this.around.emit({ event: "restarted", world: this.id, info });
    });
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#release();
    this.#engine.free();
  }
}

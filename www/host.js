/**
 * A world in the worker: one engine, its clock, its connections, and the store that keeps its platter.
 *
 * Work is done in slices of a few milliseconds. What a slice brought to the platter is committed before any of its replies
 * leave: what the learner sees acknowledged is as safe as the server's own policy says. The worker's end, however it comes,
 * is a power cut.
 *
 * @import { Job } from "./batch.js"
 * @import { Damage, Saved, WorldInfo, WorldOptions, EngineEvent } from "./protocol.js"
 * @import { KeptFile, Meta, Store } from "./store.js"
 */
import { Platter } from "../pkg/redlab.js";
import { Batch } from "./batch.js";
import { CONFIG, MANIFEST, copied, diskModel, filesOf, logOf, platterOf } from "./disk-files.js";
import { Engine } from "./engine.js";
import { bringFor, bringRest, canRun } from "./later.js";
import { SandboxLock } from "./lock.js";
import { concat, encodeCommand } from "./resp.js";
import { DiskStore, MemoryStore, keptClock, keptSeed } from "./store.js";
import { pack } from "./tar.js";
import { trial, whyUnread } from "./trial.js";

const SLICE_MS = 4;
/** Instructions that a script runs between two looks at the clock: a fraction of a millisecond. */
const SCRIPT_FUEL = 20_000;
/** How often an idle world runs its timers. */
const TICK_MS = 100;
/** Wall time that may pass unseen; more means that the page was frozen, and the world with it. */
const MISSED_MS = 1000;
/** Virtual time that a slice may let pass for the disk; the wall clock catches up. */
const DISK_MS = 20;
/** How often an idle world's clock is kept. */
const KEEP_CLOCK_MS = 10_000;

/**
 * @typedef {{db: IDBDatabase | null, refused: string, emit: (e: EngineEvent, transfer?: Transferable[]) => void}} Surroundings
 */

/** A seed short enough to be told to somebody. */
const randomSeed = () => String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000);

/** @param {Saved["state"]} state @param {string} reason @returns {Saved} */
const savedAs = (state, reason) => ({ state, reason, bytes: 0, unsynced: 0, aof: true, free: false });

/** Views whose models are about files. */
const OF_FILES = new Set(["aof", "rdb", "bytes", "commands", "fields", "field"]);

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
  #saved = savedAs("memory", "");
  /** What the learner has set of the disk. @type {Map<string, number>} */
  #diskIs = new Map();
  /** What a world without a disk wrote. @type {Uint8Array[]} */
  #log = [];
  /** @type {[string, string][]} */
  #hints = [];
  #lessonChanged = false;
  /** The server was started again since the page was last told. */
  #rebooted = false;
  /** Why a lesson's server does not run; "" while it does. */
  #down = "";
  #lock = new SandboxLock();
  #closed = false;
  /** Ends when nothing of it is left. @type {Promise<void> | null} */
  #closing = null;
  /** Scripts are gone through line by line. */
  #holds = false;
  /** Nobody looks: the clock stands still. */
  #resting = false;
  /** The view of the log was looked at: who wrote what is told with the replies. */
  #tells = false;
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
      this.#saved = savedAs("memory", "Kept in memory only.");
      return new MemoryStore();
    }
    if (!this.around.db) {
      this.#saved = savedAs("refused", this.around.refused);
      return new MemoryStore();
    }
    const disk = new DiskStore(this.around.db, name);
    if (await this.#lock.take(name, () => this.#setSaved({ ...this.#saved, free: true }))) {
      this.#saved = savedAs("saved", "");
      return disk;
    }
    // Another tab writes these files: work on a copy.
    this.#saved = savedAs("second", "Another tab has this sandbox open. This one works on a copy.");
    return copied(await disk.read());
  }

  /** A new engine out of what the store holds. @param {Store} store @returns {Promise<WorldInfo>} */
  async #load(store) {
    let kept;
    try {
      kept = await store.read();
    } catch (e) {
      this.#saved = savedAs("refused", `The saved data could not be read: ${e}`);
      store = new MemoryStore();
      kept = await store.read();
    }
    this.#store = store;
    this.#seed = this.options.lesson
      ? String(this.options.lesson.seed)
      : (this.options.seed ?? keptSeed(kept.meta) ?? randomSeed());
    this.#clockMs = Math.max(this.options.start_ms ?? Date.now(), keptClock(kept.meta));
    this.#seenMs = performance.now();
    const files = kept.log.length ? filesOf(kept.log) : kept.files;
    if (files.length || this.options.lesson || this.options.setup?.length) await bringRest();
    if (kept.log.length) await this.#guard(() => this.#store.replace(files, this.#meta()));
    const damage = await this.#boot(files);
    if (this.options.lesson) this.#startLesson();
    if (!files.length) await this.#setup();
    return this.#begin(damage);
  }

  /** Connections for all sessions, once the engine has its data. @param {Damage | null} damage */
  async #begin(damage) {
    this.#ended.clear();
    for (const session of this.#conns.keys()) this.#conns.set(session, this.#engine.connect());
    await this.#commit();
    return this.#info(damage);
  }

  /** How a lesson's server with a disk is configured, in lines; null without a lesson or without a disk. @returns {string[] | null} */
  #lessonDisk() {
    const [place] = Object.values(this.options.lesson?.topology ?? {});
    return place?.disk ?? null;
  }

  /** @param {KeptFile[]} files */
  async #newEngine(files) {
    const before = this.#engine;
    await this.#makeEngine(files);
    try {
      if (before) this.#engine.inherit(before);
    } catch {
      // An engine that died gives nothing back.
    }
  }

  /** @param {KeptFile[]} files */
  async #makeEngine(files) {
    const seed = BigInt(this.#seed);
    this.#log = [];
    const disk = this.#lessonDisk();
    if (disk) {
      this.#diskIs.clear();
      this.#engine = new Engine(seed, this.#clockMs, disk.join("\n"), new Platter());
      return this.#loaded();
    }
    if (this.options.lesson) {
      this.#engine = new Engine(seed, this.#clockMs);
      this.#engine.keep_log();
      return;
    }
    this.#engine = new Engine(seed, this.#clockMs, CONFIG, platterOf(files));
    for (const [what, value] of this.#diskIs) this.#engine.set_disk(what, value);
    await this.#loaded();
  }

  /** Waits until the server has read its files, or has given up. */
  async #loaded() {
    while (!this.#settle(Infinity)) await turn();
  }

  /**
   * Lets virtual time pass until the disk has answered, `most_ms` of it and a slice of real time at most; whether it has.
   * @param {number} most_ms
   */
  #settle(most_ms) {
    const due_ms = this.#clockMs + most_ms;
    const until = performance.now() + SLICE_MS;
    const engine = this.#engine;
    while ((engine.stalled() || engine.loading()) && !engine.exited()) {
      // A microsecond more: a timer may lie between two numbers that a double can tell apart.
      const next = Math.max(engine.next_timer(), this.#clockMs) + 0.001;
      if (next > due_ms || performance.now() > until) return false;
      this.#seenMs += next - this.#clockMs;
      this.#clockMs = next;
      engine.advance(next);
    }
    return true;
  }

  /**
   * Starts the server. Files that it does not read as they are, are set aside first; then they are repaired as the check
   * tool does, and if that does not help it starts empty: the lab must open.
   * @param {KeptFile[]} files @returns {Promise<Damage | null>}
   */
  async #boot(files) {
    let error = await this.#tried(() => this.#newEngine(files));
    if (!error) return null;
    const total_bytes = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    await this.#guard(() => this.#store.keepDamaged(pack(files, this.#clockMs), { error, at_ms: this.#clockMs }));
    if (this.#ran && this.#engine.exited() && this.#engine.repair()) {
      await this.#tried(() => (this.#engine.restart(), this.#loaded()));
    }
    const emptied = !this.#ran || this.#engine.exited();
    if (emptied) {
      await this.#guard(() => this.#store.replace([], this.#meta()));
      await this.#newEngine([]);
    }
    return { error, total_bytes, emptied, keys: this.#engine.kept()[3] };
  }

  /** Whether the engine has survived the last try. */
  #ran = true;

  /** What the server said against its files, "" if nothing. @param {() => Promise<void>} start */
  async #tried(start) {
    this.#ran = false;
    try {
      await start();
      this.#ran = true;
      return this.#engine.warnings().join(". ");
    } catch (e) {
      return `it stops the engine (${e})`;
    }
  }

  /** Hints that were paid for stay open when the lesson starts anew. */
  #startLesson() {
    this.#engine.lesson_start(this.options.lesson);
    this.#clockMs = Math.max(this.#clockMs, this.#engine.now_ms());
    this.#down = "";
    for (const [goal, step] of this.#hints) this.#engine.lesson_hint(goal, step);
    this.#lessonChanged = true;
  }

  async #setup() {
    if (!this.options.setup?.length) return;
    const conn = this.#engine.connect();
    for (const argv of this.options.setup) this.#engine.exec(conn, encodeCommand(argv));
    await this.#loaded();
    this.#engine.disconnect(conn);
  }

  /** @returns {Meta} */
  #meta() {
    return { clock_ms: this.#clockMs, seed: this.#seed };
  }

  /** @param {Damage | null} damage @returns {WorldInfo} */
  #info(damage) {
    return {
      world: this.id,
      seed: this.#seed,
      version: this.#engine.version(),
      now_ms: this.#clockMs,
      keys: this.#engine.kept()[3],
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
      const nothing = { files: [], log: new Uint8Array(0), meta: null };
      this.#store = await copied(await this.#store.read().catch(() => nothing));
      const name = e instanceof DOMException ? e.name : "";
      const reason =
        name === "QuotaExceededError" ? "The browser's storage is full." : `The browser refused to save: ${e}`;
      this.#setSaved({ ...this.#saved, state: "refused", reason, free: false });
      await write().catch(() => {});
    }
  }

  async #commit() {
    if (this.options.lesson && !this.#lessonDisk()) {
      const written = this.#engine.take_log();
      if (written.length) this.#log.push(written);
      return;
    }
    const changes = this.#engine.take_changes();
    const clockDue = this.#store.durable && performance.now() - this.#keptMs > KEEP_CLOCK_MS;
    // A lesson's disk lasts as long as its world.
    if (!this.options.lesson && (changes || clockDue)) {
      this.#keptMs = performance.now();
      await this.#guard(() => this.#store.commit(changes, this.#meta()));
    }
    const [all, bytes, aof] = this.#engine.kept();
    const unsynced = all - bytes;
    const saved = this.#saved;
    if (bytes !== saved.bytes || unsynced !== saved.unsynced || Boolean(aof) !== saved.aof)
      this.#setSaved({ ...saved, bytes, unsynced, aof: Boolean(aof) });
  }

  /** Gives the disk a little time to answer, if somebody waits for it. */
  #waitForDisk() {
    if (this.#engine.stalled()) this.#settle(DISK_MS);
  }

  /** Moves the world's clock by the wall time that passed. */
  #advance() {
    const now = performance.now();
    const passed = this.#resting ? 0 : Math.max(0, now - this.#seenMs);
    this.#seenMs = this.#resting ? now : Math.max(now, this.#seenMs);
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
      while (!this.#closed && (once || this.#hasWork())) {
        once = false;
        await this.#bringParts();
        await this.#alone(async () => this.#closed || (await this.#slice()));
        if (!this.#closed && this.#hasWork()) await turn();
      }
    } catch (e) {
      await this.#trapped(e);
    }
    this.#running = false;
    if (this.#queue.length && !this.#closed) this.#run(false); // what came while the engine was started again
  }

  #hasWork() {
    return this.#queue.length > 0 || this.#engine.runs_script();
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
    const batch = new Batch(this.#engine);
    let taken = 0;
    // They stay in the queue until all have run: if one kills the engine, none of them has happened.
    do this.#one(this.#queue[taken++], batch);
    while (taken < this.#queue.length && !this.options.lesson && performance.now() < until);
    this.#engine.end_turn();
    this.#queue.splice(0, taken);
    this.#waitForDisk();
    // A script that is not through gets what is left of the slice; whoever sends something meanwhile has a turn after it.
    while (this.#engine.runs_script() && performance.now() < until) this.#engine.work(SCRIPT_FUEL);
    this.#waitForDisk();
    // All of it is taken before anybody is asked for: a connection that the server has ended is gone then.
    const outputs = new Map([...this.#conns.values()].map((conn) => [conn, this.#engine.output(conn)]));
    batch.collect(outputs, this.#clockMs, (session, conn) => this.#isClosed(session, conn));
    const pushes = this.#pushes(outputs);
    this.#look();
    await this.#commit();
    batch.answer();
    for (const push of pushes) this.around.emit(push, [/** @type {any} */ (push).out]);
    this.#tellReboot();
    this.#tellLesson();
    if (this.#engine.exited() && !this.#lessonDisk()) await this.#startAgain();
  }

  /** Runs a job, if there is one. @param {Job | undefined} job @param {Batch} batch */
  #one(job, batch) {
    if (!job) return;
    const conn = this.#conns.get(job.session);
    if (conn === undefined) return batch.refuse(job, "no such session");
    if (this.#down) return batch.refuse(job, "Could not connect to Redis: Connection refused");
    // A command that needs the disk itself has it before the next one runs. What is kept until the disk has answered runs
    // later: then nobody knows which command this was.
    this.#waitForDisk();
    batch.run(job, conn, this.#tells && !this.#engine.stalled());
  }

  /** @param {number} session @param {number} conn */
  #isClosed(session, conn) {
    const closed = this.#engine.closed(conn);
    if (closed) this.#ended.add(session);
    return closed;
  }

  /** What connections got without asking: pushes, and replies they were blocked for. @param {Map<number, Uint8Array>} outputs @returns {EngineEvent[]} */
  #pushes(outputs) {
    /** @type {EngineEvent[]} */
    const events = [];
    for (const [session, conn] of this.#conns) {
      const out = outputs.get(conn) ?? new Uint8Array(0);
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
      await this.#alone(() => this.#reload());
    } catch {
      clearTimeout(this.#timer);
      this.#closed = true;
    }
    if (this.#closed) jobs.push(...this.#queue.splice(0));
    for (const job of jobs) job.fail(e);
  }

  /** The server has ended, well or badly: something starts it again, as in most places. A lesson begins anew. */
  async #startAgain() {
    if (this.options.lesson) return this.#reload();
    this.#engine.restart();
    await this.#loaded();
    // Files that it does not read are the store's to see to.
    if (this.#engine.exited() || this.#engine.warnings().length) return this.#reload();
    return this.#restarted(await this.#begin(null));
  }

  /** A new engine from the store; the sessions stay, their connections are new. */
  async #reload() {
    return this.#restarted(await this.#load(this.#store));
  }

  /** @param {WorldInfo} info @returns {WorldInfo} */
  #restarted(info) {
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
    if (view === "disk") return this.#diskModel();
    if (OF_FILES.has(view)) return this.#filesModel(view, argv);
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

  /** What a view of files asks for; null where there is none. @param {string} view @param {Uint8Array[]} argv */
  #filesModel(view, argv) {
    this.#tells = true;
    const model = this.#engine.inspect_files(view, argv);
    return model?.files?.length === 0 ? null : model;
  }

  /** The files for their view; null where there is no disk. */
  #diskModel() {
    if (this.options.lesson && !this.#lessonDisk()) return null;
    return diskModel(this.disk(), this.#engine.policy(), this.#engine.exited());
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

  /** Judges the goals; a change is told at the end of the slice. A lesson may cut the power then. */
  #look() {
    if (!this.options.lesson) return;
    if (this.#engine.lesson_look()) this.#lessonChanged = true;
    if (!this.#engine.rebooted()) return;
    while (!this.#settle(Infinity)); // a lesson's files are small
    this.#ended.clear();
    for (const session of this.#conns.keys()) this.#conns.set(session, this.#engine.connect());
    this.#rebooted = true;
    this.#engine.lesson_look();
    this.#lessonChanged = true;
  }

  /** Whether a lesson's server runs, if that has changed. */
  #tellReboot() {
    if (!this.#lessonDisk()) return;
    const ended = this.#engine.exited();
    const down = ended ? this.#engine.warnings().at(-1) || "it has ended" : "";
    if (!this.#rebooted && down === this.#down) return;
    this.#rebooted = false;
    this.#down = down;
    this.around.emit({ event: "rebooted", world: this.id, down });
  }

  /** Does what the learner does to a lesson's machine; whether it could be done. @param {string} line */
  #hand(line) {
    return this.#alone(async () => {
      const done = this.#engine.lesson_hand(line);
      this.#look();
      await this.#commit();
      this.#tellReboot();
      this.#tellLesson();
      return done;
    });
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
    if (this.#lessonDisk()) return this.#hand(":start");
    return this.#alone(() => this.#startAgain());
  }

  reset() {
    return this.#alone(async () => {
      await this.#guard(() => this.#store.replace([], { ...this.#meta(), clock_ms: 0 }));
      await this.#reload();
    });
  }

  /** The append-only file in one: its base, which may be a snapshot, and what came since. */
  async download() {
    if (this.options.lesson && !this.#lessonDisk()) return concat(this.#log);
    return logOf(this.#files());
  }

  /** The files as they are, in an archive. */
  async downloadFiles() {
    return pack(this.#files(), this.#clockMs);
  }

  /** What a program reads of the disk. */
  #files() {
    const files = [];
    for (const [name] of this.#engine.files())
      files.push({ name, bytes: this.#engine.file(name) ?? new Uint8Array(0) });
    return files;
  }

  /** Each file's name, bytes, those on the platter, those that the device was told to write. @returns {any[]} */
  disk() {
    return this.#engine.files();
  }

  /** Cuts the power; `torn` bytes of the write at work have arrived. @param {number} torn */
  crash(torn) {
    if (this.#lessonDisk()) return this.#hand(torn ? `:crash ${torn}` : ":crash");
    return this.#alone(async () => {
      this.#engine.power_cut(torn);
      await this.#commit();
      await this.#reload();
    });
  }

  /** Sets what the disk is like (`set_disk` of the engine). @param {string} what @param {number} value */
  setDisk(what, value) {
    this.#engine.set_disk(what, value);
    if (what !== "writes" && what !== "syncs") this.#diskIs.set(what, value);
  }

  /** Turns a bit over on the platter. @param {string} name @param {number} offset @param {number} bit */
  flip(name, offset, bit) {
    if (this.#lessonDisk()) return this.#hand(`:flip ${name} ${offset} ${bit}`);
    return this.#alone(async () => {
      const done = this.#engine.flip_bit(name, offset, bit);
      await this.#commit();
      return done;
    });
  }

  /** Work at the desk, where files are looked at (desk.js). @param {string} what @param {any} m */
  async atDesk(what, m) {
    const desk = /** @type {Record<string, any>} */ (await import("./desk.js"));
    return this.#alone(async () => {
      const done = await desk[what](this.#engine, m);
      if (what === "check" && this.#lessonDisk()) {
        this.#engine.lesson_hand(`:check ${m.name}${m.repair === "fix" ? " --fix" : ""}`);
        this.#look();
        this.#tellLesson();
      }
      await this.#commit();
      return done;
    });
  }

  /** What a server would say of a file, or of all files that belong with it. @param {string} name */
  async tryFile(name) {
    return trial(await this.#setOf(name), this.#clockMs);
  }

  /** Starts the sandbox anew with a file, or all files that belong with it. @param {string} name */
  async loadFile(name) {
    return this.#replaceBy(await this.#setOf(name));
  }

  /** A file as a disk of its own. @param {string} name @returns {Promise<KeptFile[]>} */
  async #setOf(name) {
    const { together } = await import("./desk.js");
    return together(this.#engine, name, MANIFEST) ?? filesOf(this.#engine.file(name) ?? new Uint8Array(0));
  }

  downloadDamaged() {
    return this.#store.readDamaged();
  }

  /**
   * A file of which nothing can be read is refused: what is here stays.
   * @param {Uint8Array} bytes
   */
  async upload(bytes) {
    if (!bytes.length) throw new Error("it is empty");
    return this.#replaceBy(filesOf(bytes));
  }

  /** @param {KeptFile[]} files */
  async #replaceBy(files) {
    if (this.options.lesson) throw new Error("a lesson brings its own data");
    const why = whyUnread(files, this.#clockMs);
    if (why) throw new Error(`it is no append-only file, snapshot or archive of them (${why})`);
    return this.#alone(async () => {
      await this.#guard(() => this.#store.replace(files, this.#meta()));
      return (await this.#reload()).damage;
    });
  }

  takeOver() {
    const { name } = this.options;
    const { db } = this.around;
    if (!this.#saved.free || name === null || !db) throw new Error("the other tab still has it");
    return this.#alone(async () => {
      this.#saved = savedAs("saved", "");
      const info = await this.#load(new DiskStore(db, name));
      this.around.emit({ event: "restarted", world: this.id, info });
    });
  }

  /** What is being committed is committed and answered first; only then may somebody else have the files. */
  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    return (this.#closing ??= this.#alone(async () => {
      for (const job of this.#queue.splice(0)) job.fail(new Error("The world was closed."));
      this.#lock.release();
      this.#engine.free();
    }));
  }
}

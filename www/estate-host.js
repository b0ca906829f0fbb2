/**
 * Many nodes in the worker: a world on a virtual clock that wall time drives, at any speed, in slices of a few milliseconds;
 * paused it goes on only when it is told to. What is typed and what breaks are acts on it, so that the same seed and the same
 * acts at the same moments are the same run.
 *
 * One other future may be kept beside the present one. Going back forgets nothing; the first act after it begins a future of
 * its own.
 *
 * @import { Future, EstateInfo, EstateState } from "./estate/world.js"
 * @import { Job } from "./batch.js"
 * @import { Surroundings } from "./host.js"
 */
import { Estate } from "../pkg/redlab.js";
import { diskModel } from "./disk-files.js";
import { bringFor, bringRest, canRun } from "./later.js";

const SLICE_MS = 4;
/** Events between two looks at the clock. */
const EVENTS = 200;
/** How long the page is without a turn of its own, and how often it is told what there is to see. */
const TURN_MS = 8;
const TOLD_MS = 40;
/** Wall time that may pass unseen; more means that the page was frozen, and the world with it. */
const MISSED_MS = 250;
/** Where every world's clock begins: the same run is the same everywhere. */
const START_MS = Date.UTC(2025, 0, 1);
/** How long something is waited for that may never arrive. */
const WAITS_MS = 3_600_000;
/** Requests that only look. */
const LOOKS = ["ledger", "wire"];
/** Does nothing but end the future that lies ahead. */
const NOTHING = { act: "disconnect", session: 0 };

/** @param {bigint} hash */
const hex = (hash) => hash.toString(16).padStart(16, "0");

/** Bytes as an act says them. @param {Uint8Array | ArrayBuffer} bytes */
function sent(bytes) {
  const all = new Uint8Array(bytes);
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(all) };
  } catch {
    return { hex: Array.from(all, (b) => b.toString(16).padStart(2, "0")).join("") };
  }
}

export class EstateHost {
  #estate;
  /** Where the clock stood when the page first saw it. */
  #startMs = START_MS;
  /** Where it stood when there was nothing. */
  #beginMs = START_MS;
  /** Where it is to be by now. */
  #targetMs = START_MS;
  #seenMs = 0;
  #toldMs = 0;
  #timer = 0;
  #playing = true;
  #speed = 1;
  /** Wall time was too short for what should have happened. */
  #behind = false;
  /** How often the world went to another moment. */
  #moved = 0;
  /** @type {Future[]} */
  #futures = [{ id: 0, parent: null, from_ms: START_MS, kept: true }];
  #future = 0;
  /** The other future. @type {{id: number, estate: Estate, acts: {before: number, act: import("./estate/trace.js").Act}[]} | null} */
  #other = null;
  /** What was done by hand: how many acts the world had seen, and what is saved of it. @type {{before: number, act: import("./estate/trace.js").Act}[]} */
  #acts = [];
  /** Whether a saved run went as it did when it was saved; null: it is not one, or nobody noted how it went. @type {boolean | null} */
  #same = null;
  /** Terminals, and their sessions in the world: null before the first command, and after the world has moved. @type {Map<number, {host: string, session: number | null}>} */
  #terminals = new Map();
  #nextTerminal = 1;
  /** Ends when the last command that was sent is on its way. @type {Promise<void>} */
  #execs = Promise.resolve();
  #dead = false;
  /** How often time was told what to do. */
  #asked = 0;
  /** What the page was told last of the lesson, as JSON. */
  #lessonTold = "";
  /** Hints that were opened. @type {[string, string][]} */
  #hints = [];

  /** @param {number} id @param {any} options @param {Surroundings} around */
  constructor(id, options, around) {
    this.id = id;
    this.options = options;
    this.around = around;
    this.#estate = /** @type {Estate} */ (/** @type {any} */ (null));
  }

  /** @returns {Promise<EstateInfo>} */
  async open() {
    await bringRest();
    const { trace } = this.options;
    if (trace) await this.#replay(trace);
    else this.#make();
    this.#arm();
    return {
      world: this.id,
      seed: String(this.options.lesson?.seed ?? this.options.seed ?? 1),
      version: "",
      now_ms: this.#startMs,
      keys: 0,
      saved: {
        state: "memory",
        reason: "A world of many nodes lives in memory.",
        bytes: 0,
        unsynced: 0,
        aof: true,
        free: false,
      },
      damage: null,
      state: this.#state(),
    };
  }

  /** The world at the moment where the page meets it. */
  #make() {
    const { lesson, seed, acts, ahead_ms, start_ms } = this.options;
    this.#acts = [];
    if (lesson) {
      this.#estate = Estate.lesson(lesson, start_ms ?? START_MS);
      this.#estate.watch();
      for (const [goal, step] of this.#hints) this.#estate.lesson_hint(goal, step);
    } else {
      this.#estate = new Estate(BigInt(seed ?? 1), START_MS);
      this.#estate.watch();
      for (const act of acts) this.#do(act);
      // Replicas find their primaries before anybody looks.
      this.#estate.run(START_MS + (ahead_ms ?? 0), Infinity);
    }
    this.#startMs = this.#targetMs = this.#estate.now_ms();
    this.#seenMs = performance.now();
  }

  /** @returns {EstateState} */
  #state() {
    return {
      model: this.#estate.model(),
      start_ms: this.#startMs,
      now_ms: this.#estate.now_ms(),
      playing: this.#playing,
      speed: this.#speed,
      behind: this.#behind,
      moved: this.#moved,
      future: this.#future,
      futures: this.#futures,
      same: this.#same,
    };
  }

  #tell() {
    if (this.#dead) return;
    this.#toldMs = performance.now();
    this.around.emit({ event: "estate", world: this.id, state: this.#state() });
    this.#tellLesson();
  }

  // A lesson

  /** How it stands, if that has changed since the page was told. */
  #tellLesson() {
    const text = this.#estate.lesson_text();
    if (!text || text === this.#lessonTold) return;
    this.#lessonTold = text;
    this.around.emit({ event: "lesson", world: this.id, state: JSON.parse(text) });
  }

  lesson() {
    const text = this.#estate.lesson_text();
    return text ? JSON.parse(text) : null;
  }

  /** @param {string} goal @param {string} step */
  hint(goal, step) {
    if (!this.#estate.lesson_hint(goal, step)) throw new Error(`no such hint: ${goal} ${step}`);
    this.#hints.push([goal, step]);
    this.#other?.estate.lesson_hint(goal, step);
    this.#tellLesson();
    return this.lesson();
  }

  /** Everything as at the start. What terminals show of before stays, as of another future. */
  reset() {
    this.#drop();
    for (const future of this.#futures) future.kept = false;
    this.#guard(() => {
      this.#estate.free();
      this.#make();
    });
    this.#future = this.#futures.length;
    this.#futures.push({ id: this.#future, parent: null, from_ms: this.#startMs, kept: true });
    this.#moveOn();
    this.#play(true);
    this.#tell();
  }

  // Runs

  /** Has a saved run again, and stands still where it ends. @param {import("./estate/trace.js").Trace} trace */
  async #replay({ seed, acts, end, start_ms, shown_ms, hash }) {
    this.#estate = new Estate(BigInt(seed), start_ms);
    this.#estate.watch();
    this.#playing = false;
    this.#beginMs = start_ms;
    this.#startMs = shown_ms;
    let done = 0;
    for (const [event, us, act] of acts) {
      await this.#reach(event, start_ms * 1000 + us, `what was done ${done + 1}. of ${acts.length}`);
      try {
        this.#do(act);
      } catch (e) {
        // What the world refused then it refuses now; what it cannot read was never done.
        if (this.#acts.length === done)
          throw new Error(`what was done ${done + 1}.: ${/** @type {Error} */ (e).message}`);
      }
      done++;
    }
    await this.#reach(end[0], start_ms * 1000 + end[1], "the end");
    this.#same = hash === null ? null : hash === hex(this.#estate.running_hash());
    this.#targetMs = this.#estate.now_ms();
    this.#seenMs = performance.now();
  }

  /** Lets happen what happened before a moment. @param {number} event @param {number} at_us @param {string} what comes there */
  async #reach(event, at_us, what) {
    let seen = -1;
    for (let from = performance.now(); !this.#estate.reach(event, at_us, EVENTS);) {
      const events = this.#estate.events();
      if (events === seen || this.#dead)
        throw new Error(`this version comes to another moment than the saved run before ${what}`);
      seen = events;
      if (performance.now() < from + SLICE_MS) continue;
      await new Promise((go) => setTimeout(go));
      from = performance.now();
    }
  }

  /** All that is needed to have the run again. @returns {Omit<import("./estate/trace.js").Trace, "preset">} */
  #trace() {
    const { furthest_events, furthest_us } = /** @type {import("./estate/world.js").Model} */ (this.#estate.model());
    const there = this.#estate.events() === furthest_events && !this.#estate.is_past();
    return {
      redlab: "run",
      v: 1,
      seed: String(this.options.seed ?? 1),
      start_ms: this.#beginMs,
      shown_ms: this.#startMs,
      acts: this.#acts.map(({ act }) => act),
      end: [furthest_events, Math.round(furthest_us - this.#beginMs * 1000)],
      hash: there ? hex(this.#estate.running_hash()) : null,
    };
  }

  /** Does something, and notes it. What was noted of a future that is no more is forgotten. @param {any} act @returns {number} */
  #do(act) {
    const before = this.#estate.acts_done();
    const event = this.#estate.events();
    const us = Math.round((this.#estate.now_ms() - this.#beginMs) * 1000);
    try {
      if (act.act !== "hand") return this.#estate.act(act);
      this.#estate.hand(act.line);
      return 0;
    } finally {
      if (this.#estate.acts_done() > before) {
        const gone = this.#acts.findIndex((noted) => noted.before >= before);
        if (gone >= 0) this.#acts.length = gone;
        this.#acts.push({ before, act: [event, us, act] });
      }
    }
  }

  // Time

  #arm() {
    clearTimeout(this.#timer);
    if (this.#playing && !this.#dead) this.#timer = setTimeout(() => this.#guard(() => this.#turn()), TURN_MS);
  }

  #turn() {
    const now = performance.now();
    const passed_ms = Math.min(now - this.#seenMs, MISSED_MS);
    this.#seenMs = now;
    this.#targetMs += passed_ms * this.#speed;
    let ran = EVENTS;
    while (ran === EVENTS && performance.now() < now + SLICE_MS) ran = this.#estate.run(this.#targetMs, EVENTS);
    this.#behind = ran === EVENTS;
    // What could not be done is not made up for.
    if (this.#behind) this.#targetMs = this.#estate.now_ms();
    this.#collect();
    if (now - this.#toldMs >= TOLD_MS) this.#tell();
    this.#arm();
  }

  /** Tells terminals what came for them. */
  #collect() {
    for (const [id, terminal] of this.#terminals) {
      const { session } = terminal;
      if (session === null) continue;
      const out = this.#estate.output(session);
      const closed = this.#estate.closed(session);
      if (closed) terminal.session = null;
      if (!out.length && !closed) continue;
      const buffer = /** @type {ArrayBuffer} */ (out.buffer);
      const now_ms = this.#estate.now_ms();
      this.around.emit({ event: "output", world: this.id, session: id, out: buffer, closed, now_ms }, [buffer]);
    }
  }

  /** The engine's own failure ends the world; the page is told. @param {() => any} work */
  #guard(work) {
    try {
      return work();
    } catch (e) {
      if (e instanceof WebAssembly.RuntimeError) {
        this.#dead = true;
        this.#playing = false;
        this.around.emit({ event: "trap", world: this.id, message: String(e) });
      }
      throw e;
    }
  }

  /** The world is at another moment: connections of terminals may not be there, or in another state. */
  #moveOn() {
    this.#moved++;
    this.#targetMs = this.#estate.now_ms();
    for (const terminal of this.#terminals.values()) terminal.session = null;
  }

  /** What the page asks for, by its name. @param {string} what @param {any} value */
  async estate(what, value) {
    /** @type {Record<string, () => any>} */
    const can = {
      play: () => this.#play(value),
      speed: () => void (this.#speed = Math.min(100, Math.max(0.1, Number(value) || 1))),
      step: () => this.#step(),
      until: () => this.#until(value),
      trace: () => this.#trace(),
      seek: () => this.#seek(value),
      act: () => this.#act(value),
      hand: () => this.#hand(String(value)),
      fork: () => this.#fork(),
      change: () => this.#change(value),
      compare: () => this.#compare(),
      state: () => this.#state(),
      program: () => this.#estate.program(value) ?? null,
      ledger: () => this.#estate.ledger(),
      wire: () => this.#estate.wire(value),
    };
    if (this.#dead || !can[what]) throw new Error(this.#dead ? "the world has stopped" : `no such request: ${what}`);
    const answer = await this.#guard(can[what]);
    // To look is no change.
    if (!LOOKS.includes(what)) this.#tell();
    return answer;
  }

  /** @param {boolean} on */
  #play(on) {
    this.#asked++;
    this.#playing = on;
    this.#seenMs = performance.now();
    this.#targetMs = this.#estate.now_ms();
    this.#arm();
  }

  /** One event. */
  #step() {
    this.#play(false);
    const came = this.#estate.step();
    this.#targetMs = this.#estate.now_ms();
    this.#collect();
    if (!came) throw new Error("Nothing is to come: no machine runs, nothing is under way.");
  }

  /** Goes on for some time, or until something arrives at a machine, in slices; then time stands still. @param {{ms?: number, host?: string}} until */
  async #until({ ms = 0, host }) {
    this.#play(false);
    const asked = ++this.#asked;
    const until_ms = this.#estate.now_ms() + (host ? WAITS_MS : ms);
    const there = () =>
      host
        ? this.#estate.run_to_message(host, EVENTS) || this.#estate.now_ms() >= until_ms || this.#estate.next_ms() < 0
        : this.#estate.run(until_ms, EVENTS) < EVENTS;
    for (;;) {
      const from = performance.now();
      while (performance.now() < from + SLICE_MS) {
        if (!this.#guard(there)) continue;
        this.#targetMs = this.#estate.now_ms();
        return this.#collect();
      }
      this.#tell();
      await new Promise((go) => setTimeout(go));
      // Whatever else was asked for meanwhile takes its place.
      if (asked !== this.#asked || this.#playing || this.#dead) return;
    }
  }

  /** @param {number} at_ms */
  #seek(at_ms) {
    this.#play(false);
    this.#estate.seek_ms(Math.max(this.#startMs, at_ms));
    this.#moveOn();
  }

  // Futures

  /** Does something now. What lay ahead is no more: this is another future. @param {any} act @returns {number} */
  #act(act) {
    if (this.#estate.is_past()) this.#begin();
    return this.#do(act);
  }

  /** Does by hand what a line says. @param {string} line */
  #hand(line) {
    this.#act({ act: "hand", line });
  }

  /** A future that begins now takes the place of the present one. */
  #begin() {
    const id = this.#futures.length;
    const old = this.#futures[this.#future];
    if (this.#other?.id !== old.id) old.kept = false;
    this.#futures.push({ id, parent: old.id, from_ms: this.#estate.now_ms(), kept: true });
    this.#future = id;
  }

  /** Keeps the future that lies ahead as the other one, and begins a new one here. */
  #fork() {
    this.#drop();
    this.#other = { id: this.#future, estate: this.#estate, acts: this.#acts };
    this.#acts = [...this.#acts];
    this.#estate = this.#estate.fork();
    this.#do(NOTHING);
    this.#begin();
    this.#moveOn();
  }

  #drop() {
    if (!this.#other) return;
    this.#other.estate.free();
    this.#futures[this.#other.id].kept = false;
    this.#other = null;
  }

  /** Goes over to the other future, to the same moment of it. @param {number} id */
  #change(id) {
    if (this.#other?.id !== id) throw new Error("no such future");
    const now_ms = this.#estate.now_ms();
    const other = this.#other;
    this.#other = { id: this.#future, estate: this.#estate, acts: this.#acts };
    this.#estate = other.estate;
    this.#acts = other.acts;
    this.#future = other.id;
    this.#play(false);
    this.#estate.seek_ms(now_ms);
    this.#moveOn();
  }

  /** In what the two futures differ at this moment; null where there is one alone. */
  #compare() {
    if (!this.#other) return null;
    const other = this.#other.estate;
    other.seek_ms(this.#estate.now_ms());
    return {
      hash: hex(this.#estate.state_hash()),
      other_hash: hex(other.state_hash()),
      other: this.#other.id,
      hosts: /** @type {any} */ (this.#estate.difference(other)).hosts,
    };
  }

  // Terminals

  /** @param {string} host */
  connect(host) {
    const id = this.#nextTerminal++;
    this.#terminals.set(id, { host, session: null });
    return id;
  }

  /** @param {number} id */
  reconnect(id) {
    this.#hangUp(id);
    return 0;
  }

  /** @param {number} id */
  disconnect(id) {
    this.#hangUp(id);
    this.#terminals.delete(id);
  }

  /** Ends a terminal's connection, if that is not to begin another future. @param {number} id */
  #hangUp(id) {
    const terminal = this.#terminals.get(id);
    if (!terminal || terminal.session === null) return;
    if (!this.#estate.is_past()) this.#do({ act: "disconnect", session: terminal.session });
    terminal.session = null;
  }

  /** Sends what was typed; the reply comes in virtual time. @param {Job} job */
  exec(job) {
    // A command that waits for a part of the engine is not overtaken by the next one.
    this.#execs = this.#execs.then(() => this.#exec(job));
  }

  /** @param {Job} job */
  async #exec({ session: id, bytes, done, fail }) {
    try {
      if (!canRun(bytes)) await bringFor(bytes);
      const terminal = this.#terminals.get(id);
      if (!terminal || this.#dead) throw new Error("there is no such connection");
      this.#guard(() => {
        terminal.session ??= this.#act({ act: "connect", host: terminal.host });
        if (this.#estate.is_past()) this.#act(NOTHING);
        this.#do({ act: "send", session: terminal.session, ...sent(bytes) });
      });
      const conn = terminal.session ?? undefined;
      done({ out: new Uint8Array(0), now_ms: this.#estate.now_ms(), cost_us: 0, closed: false, ran: 0, conn });
      this.#tell();
    } catch (e) {
      fail(e);
    }
  }

  /**
   * The model of a view of a single node, on a terminal's machine.
   * @param {number} id @param {string} view @param {Uint8Array[]} argv
   */
  inspect(id, view, argv) {
    const host = this.#terminals.get(id)?.host;
    if (host === undefined || this.#dead) return null;
    return this.#guard(() => {
      if (view === "disk") return diskModel(this.#estate.files(host), this.#estate.policy(host));
      const model = /** @type {any} */ (this.#estate.inspect(host, view, argv));
      return model?.files?.length === 0 ? null : model;
    });
  }

  close() {
    this.#dead = true;
    clearTimeout(this.#timer);
    this.#drop();
    this.#estate?.free();
  }
}

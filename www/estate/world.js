/**
 * Many nodes as the page sees them: `state` is what there is to see now, and an `estate` event tells of each change. What can
 * be asked of it is in estate-host.js; the acts in src/lab/acts.rs; the model in src/lab/estate/models.rs. Times whose
 * names end with _us are µs since 1970.
 *
 * @import { EngineClient, WorldInfo, WorldOptions } from "../protocol.js"
 * @import { Trace } from "./trace.js"
 *
 * @typedef {object} Future
 * @prop {number} id
 * @prop {number | null} parent the one that it left
 * @prop {number} from_ms and when
 * @prop {boolean} kept it can be gone to
 *
 * @typedef {object} EstateState
 * @prop {Model} model
 * @prop {number} start_ms
 * @prop {number} now_ms
 * @prop {boolean} playing
 * @prop {number} speed virtual time by wall time
 * @prop {boolean} behind more happens than this machine can do at this speed
 * @prop {number} moved how often the world went to another moment
 * @prop {number} future
 * @prop {Future[]} futures
 * @prop {boolean | null} same a saved run went as it did then
 *
 * @typedef {WorldInfo & {state: EstateState}} EstateInfo
 *
 * @typedef {{now_us: number, start_us: number, events: number, furthest_us: number, furthest_events: number, past: boolean,
 *   acts: {at_us: number, event: number, what: string, host?: string}[], hosts: Host[], links: Link[], conns: Conn[],
 *   loads: Load[], apps: App[], databases: Database[], ledger: Tally}} Model
 * @typedef {{name: string, ip: string, port: number, state: "up" | "down" | "off", paused: boolean, busy_until_us?: number,
 *   waiting: number, skew_us: number, boots: number, keys?: number, repl?: Repl, disk?: Disk, log: {at_us: number, level: string, text: string}[]}} Host
 * @typedef {{bytes_per_s: number, flush_us: number, room?: number, used: number, failing_writes: number, failing_syncs: number,
 *   files: {path: string, platter: number}[]}} Disk
 * @typedef {{role: "primary" | "replica", primary?: string, link: string, id: string, offset: number, former_id?: string,
 *   former_offset: number, backlog_first?: number, backlog_bytes?: number, backlog_limit?: number, full_syncs: number,
 *   partial_syncs: number, refused_syncs: number, replicas: {name: string, stage: string, acked: number, lag_bytes: number,
 *   silent_ms: number}[]}} Repl
 * @typedef {{from: string, to: string, latency_us: number, jitter_us: number, loss_ppm: number, bytes_per_s: number, cut: boolean}} Link
 * @typedef {{forward: boolean, sent_us: number, due_us: number, bytes: number, kind: string, text: string, tries: number}} Message
 * @typedef {{id: number, kind: "replication" | "terminal" | "client" | "app", from: string, to: string, stands: boolean, messages: Message[], more: number}} Conn
 * @typedef {{name: string, to: string, clients: number, sent: number, answered: number, writes: number, errors: number,
 *   unanswered: number, timeouts: number, finds?: string, switches: number, at: {host: string, clients: number}[], mean_us?: number, most_us: number, latency: Latency, texts: string[]}} Load
 * @typedef {{count: number, p50_us?: number, p99_us?: number}} Latency of the newest 256
 * @typedef {{name: string, state: "running" | "ended" | "failed" | "stopped", paused: boolean, starts: number, redis?: string,
 *   database?: string, memory_bytes: number, tasks: number, serves: boolean, requests: number, waiting: number, working: number,
 *   answered: number, failed: number, calls: number, call_errors: number, hits: number, misses: number, request_latency: Latency,
 *   call_latency: Latency, row_latency: Latency, log: {at_us: number, level: string, text: string}[]}} App
 * @typedef {{name: string, up: boolean, paused: boolean, slow_percent: number, workers: number, working: number, queue: number,
 *   waiting: number, waiting_most: number, reads: number, writes: number, refused: number, lost: number, latency: Latency}} Database
 * @typedef {{acknowledged: number, safe: number, copied: number, risk: number, apart: number, gone: number, unknown: number}} Tally
 * @typedef {{id: string, words: string, host: string, by: string, session?: number, reply_end: number, at_us: number, acked_us?: number,
 *   state: "safe" | "copied" | "risk" | "apart" | "gone" | "unknown", memory: string[], cache: string[], platter: string[], wire: string[],
 *   why: string, lost_us?: number}} Written
 * @typedef {{tally: Tally, forgotten: number, newest: Written[], lost: Written[], more_lost: number}} LedgerState
 * @typedef {{id: string, number?: number, conn: number, from: string, to: string, sent_us: number, at_us: number,
 *   state: "arrived" | "under way" | "lost", class: string, bytes: number, tries: number, kind: string, text: string}} Travelled
 * @typedef {{at: number, len: number, kind: string, text: string, offset?: number}} Piece
 * @typedef {{total: number, first: number, rows: Travelled[], forgotten: number, conns: {id: number, from: string, to: string}[],
 *   chosen?: {row: Travelled, pieces: Piece[], hex: string}}} WireState
 * @typedef {{hash: string, other_hash: string, other: number, hosts: {name: string, keys: number, some: string[], offset?: number, other_offset?: number}[]}} Comparison
 */
import { World } from "../protocol.js";

/** What one server alone is asked for: here it is done to a machine. @returns {Promise<any>} */
const elsewhere = () =>
  Promise.reject(new Error("There are several machines here: point at one in the topology to break it."));

export class EstateWorld extends World {
  /** What is done to one server alone has no place here. */
  several = true;
  /** @type {EstateState} */
  state;

  /** @param {EngineClient} client @param {EstateInfo} info */
  constructor(client, info) {
    super(client, info);
    this.state = info.state;
  }

  /** @param {EngineClient} client @param {{seed: string, acts: any[], ahead_ms: number}} preset @param {WorldOptions} [other] a lesson or a saved run, in place of the preset's acts */
  static async open(client, { seed, acts, ahead_ms }, other) {
    const options = { ...(other ?? { name: null, seed, acts, ahead_ms }), many: true };
    return client.adopt(new EstateWorld(client, await client.request("open", { options })));
  }

  /** @override @param {any} m */
  receive(m) {
    if (m.event === "estate") {
      const moved = m.state.moved !== this.state.moved;
      this.state = m.state;
      if (moved) this.tellSessions("moved");
    }
    super.receive(m);
  }

  /** @param {string} what @param {any} [value] */
  #ask(what, value) {
    return this.client.request("estate", { world: this.info.world, what, value });
  }

  /** @param {boolean} on */
  play(on) {
    return this.#ask("play", on);
  }

  /** @param {number} times */
  setSpeed(times) {
    return this.#ask("speed", times);
  }

  /** Lets one event happen. Refused if nothing is to come. */
  step() {
    return this.#ask("step");
  }

  /** Goes on for some time, or until something arrives at a machine, and stands still. @param {{ms?: number, host?: string}} until */
  until(until) {
    return this.#ask("until", until);
  }

  /** All that is needed to have the run again. @returns {Promise<Omit<Trace, "preset">>} */
  trace() {
    return this.#ask("trace");
  }

  /** Goes to a moment, back or forth. @param {number} at_ms since 1970 */
  seek(at_ms) {
    return this.#ask("seek", at_ms);
  }

  /** Does something to the world. @param {Record<string, any>} act @returns {Promise<number>} */
  act(act) {
    return this.#ask("act", act);
  }

  /** The program of an application process as it is at this moment. @param {string} name @returns {Promise<string | null>} */
  program(name) {
    return this.#ask("program", name);
  }

  /** Keeps the future that lies ahead as the other one, and begins a new one here. */
  fork() {
    return this.#ask("fork");
  }

  /** Goes over to the other future. @param {number} id */
  change(id) {
    return this.#ask("change", id);
  }

  /** In what the two futures differ at this moment. @returns {Promise<Comparison | null>} */
  compare() {
    return this.#ask("compare");
  }

  /** Where each acknowledged write is. @returns {Promise<LedgerState>} */
  ledger() {
    return this.#ask("ledger");
  }

  /** Messages that travelled or travel (src/lab/estate/wire.rs). @param {Record<string, any>} query @returns {Promise<WireState>} */
  wire(query) {
    return this.#ask("wire", query);
  }

  /** Does by hand what a line says (src/lab/hands.rs). */
  hand = (/** @type {string} */ line) => this.#ask("hand", line);
  crash = elsewhere;
  setDisk = elsewhere;
  flip = elsewhere;
  disk = elsewhere;
  restart = elsewhere;
}

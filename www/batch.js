/**
 * The requests of one slice. They run one after another; what they write goes to the disk together, as in the loop of a real
 * server; and each is answered with its part of the output, when the host lets them.
 *
 * @import { Engine } from "./engine.js"
 * @typedef {{session: number, bytes: Uint8Array, done: (r: import("./protocol.js").Exec) => void, fail: (e: unknown) => void}} Job
 * @typedef {{job: Job, end: number, cost_us: number, ran: number}} Run
 */

export class Batch {
  #engine;
  /** By connection, in the order in which they ran. @type {Map<number, Run[]>} */
  #runs = new Map();
  /** @type {(() => void)[]} */
  #answers = [];

  /** @param {Engine} engine */
  constructor(engine) {
    this.#engine = engine;
    engine.begin_turn();
  }

  /** @param {Job} job @param {string} why */
  refuse(job, why) {
    this.#answers.push(() => job.fail(new Error(why)));
  }

  /** @param {Job} job @param {number} conn @param {boolean} tells the answer says which command it was */
  run(job, conn, tells) {
    const start = performance.now();
    const end = this.#engine.gatherBytes(conn, job.bytes);
    const cost_us = (performance.now() - start) * 1000;
    const ran = tells ? this.#engine.last_ran(conn) : 0;
    this.#engine.measured(Math.max(1, cost_us));
    const runs = this.#runs.get(conn) ?? [];
    this.#runs.set(conn, runs);
    runs.push({ job, end, cost_us, ran });
  }

  /**
   * Gives each request its part of the output, after the turn's end; what a connection got besides goes with the last of its
   * requests. What is given is no longer among the outputs.
   * @param {Map<number, Uint8Array>} outputs by connection
   * @param {number} now_ms
   * @param {(session: number, conn: number) => boolean} isClosed
   */
  collect(outputs, now_ms, isClosed) {
    for (const [conn, runs] of this.#runs) {
      const out = outputs.get(conn) ?? new Uint8Array(0);
      outputs.delete(conn);
      let from = 0;
      for (const { job, end, cost_us, ran } of runs) {
        const last = job === runs[runs.length - 1].job;
        const to = last ? out.length : Math.min(end, out.length);
        const part = runs.length > 1 ? out.slice(from, to) : out;
        const closed = last && isClosed(job.session, conn);
        this.#answers.push(() => job.done({ out: part, now_ms, cost_us, closed, ran }));
        from = to;
      }
    }
  }

  answer() {
    for (const answer of this.#answers) answer();
  }
}

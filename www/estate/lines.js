/**
 * The lines of terminals that wrote something: a write of the ledger is known by its session and by where its answer ends among
 * all bytes for it.
 *
 * @import { EstateWorld, Written } from "./world.js"
 * @import { Moment } from "./futures.js"
 * @import { LogView, Row } from "../terminal/log.js"
 * @typedef {{log: LogView, row: Row, moment: Moment, show: () => void}} Line
 */
import { isTrue } from "./futures.js";

/** What stands behind a line whose write is lost. @type {Record<string, string>} */
const TAGS = { gone: "gone", apart: "left behind" };

export class WrittenLines {
  /** Several with the same name are of different futures. @type {Map<string, Line[]>} */
  #lines = new Map();
  /** Those that are marked. @type {Set<Line>} */
  #marked = new Set();

  /** @param {EstateWorld} world */
  constructor(world) {
    this.world = world;
  }

  /** A line was answered. @param {number} session @param {number} end @param {Line} line */
  add(session, end, line) {
    const key = `${session}:${end}`;
    this.#lines.set(key, [...(this.#lines.get(key) ?? []), line]);
  }

  /** The line that made a write, in this future. @param {Written} write @returns {Line | undefined} */
  #line({ session, reply_end }) {
    const all = session === undefined ? [] : (this.#lines.get(`${session}:${reply_end}`) ?? []);
    return all.find((line) => isTrue(line.moment, this.world.state));
  }

  /** How to show the line that made a write; null if there is none. @param {Written} write */
  find(write) {
    return this.#line(write)?.show ?? null;
  }

  /** Marks the lines whose writes these are, and no others. @param {Written[]} lost */
  mark(lost) {
    /** @type {Map<Line, string>} */
    const now = new Map();
    for (const write of lost) {
      const line = this.#line(write);
      if (line) now.set(line, `${TAGS[write.state]}: ${write.why}`);
    }
    for (const line of this.#marked) if (!now.has(line)) line.log.tag(line.row, "");
    for (const [line, words] of now) line.log.tag(line.row, words);
    this.#marked = new Set(now.keys());
  }
}

/**
 * What the views of files know of the page and do to the engine: which file each shows, what was said of it, and which line of a
 * terminal wrote what.
 *
 * @import { Session } from "../protocol.js"
 * @typedef {"aof" | "rdb"} Kind
 * @typedef {{line: string, at: string, row: any, light: (on: boolean) => void, reveal: () => void}} Writer
 */
import { clock } from "../dom.js";
import { viewOf } from "./files.js";

/** Lines that are remembered. */
const LINES = 20_000;
const encoder = new TextEncoder();

export class FileActions {
  /** What tools and servers said, and what is asked before something is done. @type {Record<string, string>} */
  said = {};
  /** @type {Record<string, {words: string, yes: () => void} | undefined>} */
  questions = {};
  /** Where a view says what is pointed at. @type {Map<string, (name: string) => void>} */
  points = new Map();
  /** The file that each view shows. @type {Record<string, string>} */
  #shown = {};
  /** Pages of the tables, by view and file. @type {Map<string, number>} */
  #pages = new Map();
  /** By the number that the engine gave them. @type {Map<number, Writer>} */
  #writers = new Map();
  /** @type {Map<any, number>} */
  #rows = new Map();
  /** @type {Writer | null} */
  #lit = null;
  /** @type {((ran: number) => void)[]} */
  #listeners = [];
  #world = /** @type {any} */ (null);
  #info = null;
  #session;
  #open;

  /** @param {() => Session | null} session @param {() => void} refresh @param {(kind: Kind) => void} open shows a section */
  constructor(session, refresh, open) {
    this.#session = session;
    this.refresh = refresh;
    this.#open = open;
    document.addEventListener("redlab-point", (e) => {
      const ran = this.#rows.get(/** @type {CustomEvent} */ (e).detail.row) ?? 0;
      for (const tell of this.#listeners) tell(ran);
    });
  }

  /** A server that has started anew counts from the beginning. @param {any} world */
  start(world) {
    if (world !== this.#world) {
      [this.said, this.questions, this.#shown] = [{}, {}, {}];
      this.#pages.clear();
    }
    if (world.info !== this.#info) {
      this.#writers.clear();
      this.#rows.clear();
    }
    [this.#world, this.#info] = [world, world.info];
  }

  world() {
    return this.#world;
  }

  /** A window of a file. @param {string} view @param {string[]} words @returns {Promise<any>} */
  async ask(view, words) {
    const argv = words.map((word) => encoder.encode(word));
    return (await this.#session()?.inspect(view, argv)) ?? null;
  }

  /** @param {string} kind */
  argvOf(kind) {
    return [encoder.encode(this.#shown[kind] ?? "")];
  }

  /** What a section shows besides its model. @param {string} kind */
  stateOf(kind) {
    return [this.said[kind], this.questions[kind]?.words];
  }

  /** @param {Kind} kind @param {string} path */
  show(kind, path) {
    this.#shown[kind] = path;
    this.say(kind, "");
  }

  /** @param {Kind} kind @param {string} text */
  say(kind, text) {
    this.said[kind] = text;
    this.questions[kind] = undefined;
    this.refresh();
  }

  /** Asks before something is done. @param {Kind} kind @param {string} words @param {() => Promise<string>} run */
  confirm(kind, words, run) {
    const yes = async () => {
      this.questions[kind] = undefined;
      this.say(kind, await run().catch((/** @type {Error} */ e) => `Nothing has changed: ${e.message}.`));
    };
    this.questions[kind] = { words, yes };
    this.refresh();
  }

  /** Puts files on the desk, and shows the first of them. @param {{name: string, bytes: Uint8Array}[]} files */
  async bring(files) {
    if (!files.length) return;
    /** @type {Kind} */
    let kind = "rdb";
    try {
      const paths = await this.#world.bring(files);
      kind = viewOf(paths);
      const first =
        paths.find((/** @type {string} */ p) => (kind === "aof" ? /\.incr\.aof$/ : /\.rdb$/).test(p)) ?? paths[0];
      this.#shown[kind] = first ?? "";
      this.say(kind, "");
    } catch (e) {
      this.say(kind, /** @type {Error} */ (e).message);
    }
    this.#open(kind);
  }

  /** Where a table was opened. @param {string} kind @param {string} path @param {number} otherwise */
  page(kind, path, otherwise) {
    return this.#pages.get(`${kind} ${path}`) ?? otherwise;
  }

  /** @param {string} kind @param {string} path @param {number} first */
  turn(kind, path, first) {
    this.#pages.set(`${kind} ${path}`, first);
  }

  /** A line that ran. @param {{ran: number, line: string, row: any, light: (on: boolean) => void, reveal: () => void}} detail @param {number} at_ms since the start */
  wrote({ ran, line, row, light, reveal }, at_ms) {
    if (!ran) return;
    this.#writers.set(ran, { line, at: clock(at_ms), row, light, reveal });
    if (row) this.#rows.set(row, ran);
    if (this.#writers.size <= LINES) return;
    const [[oldest, writer]] = this.#writers;
    this.#writers.delete(oldest);
    this.#rows.delete(writer.row);
  }

  /** The line that wrote something. @param {number | undefined} ran */
  writer(ran) {
    return ran ? this.#writers.get(ran) : undefined;
  }

  /** Lights up the line that wrote something, and no other one. @param {number | undefined} ran */
  light(ran) {
    const writer = this.writer(ran) ?? null;
    if (writer === this.#lit) return;
    this.#lit?.light(false);
    writer?.light(true);
    this.#lit = writer;
  }

  /** Scrolls to it. @param {number | undefined} ran */
  reveal(ran) {
    this.writer(ran)?.reveal();
  }

  /** Says what is pointed at. @param {Kind} kind @param {string} name */
  point(kind, name) {
    this.points.get(kind)?.(name);
  }

  /** @param {(ran: number) => void} tell of a line of a terminal that is pointed at; 0: of none */
  onpoint(tell) {
    this.#listeners.push(tell);
  }
}

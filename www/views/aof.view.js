/**
 * The append-only file: its bytes, each command of them in a tint of its own and tied to the line that wrote it; which
 * files make it up, how far they are on the platter, and how far they are sound.
 *
 * @import { Actions } from "./registry.js"
 */
import { h, int, size } from "../dom.js";
import { fileControls, moment, roleOf, shownOf, unsafe } from "./files.js";
import { plural, table } from "./parts.js";
import { register } from "./registry.js";
import { pages, Rows } from "./rows.js";

/**
 * @typedef {{number: number, start: number, end: number, command: boolean, line: string, ran?: number, client?: number, at_ms?: number}} Written
 * @typedef {{from: number, text: string, commands: Written[]}} Bytes
 */

/** Bytes in a row: as many as fit, in steps. */
const STEP = 8;
const MOST = 64;
const TINTS = 4;
const ROWS_A_PAGE = 50;

/** Where a byte is, in words. @type {Record<string, string>} */
const STATES = {
  safe: "on the platter",
  flying: "on its way to the platter",
  cache: "in the page cache only",
  broken: "not readable: the tool would cut it off",
};

/** @param {any} m a model @param {number} at */
function stateOf(m, at) {
  const file = shownOf(m);
  if (m.verdict && at >= m.ok_up_to) return "broken";
  if (!file || at < file.platter) return "safe";
  return at < file.in_flight ? "flying" : "cache";
}

/** Where the next byte stands that may be in another state. @param {any} m @param {number} at */
function changeAfter(m, at) {
  const file = shownOf(m);
  const edges = [file?.platter ?? 0, file?.in_flight ?? 0, m.verdict ? m.ok_up_to : 0].filter((x) => x > at);
  return Math.min(...edges, Infinity);
}

/** The bytes of a file, drawn in rows. */
class Drawing {
  #rows = new Rows("Bytes of the file; left and right arrows go from command to command", (first, count) =>
    this.#draw(first, count),
  );
  #ruler = h("span", { class: "ruler", "aria-hidden": "true" }, "0".repeat(100));
  #key = h("p", { class: "keys" });
  #live = h("p", { class: "sr", role: "status" });
  #per = STEP;
  /** @type {any} */
  #model = null;
  /** The command that is pointed at, by where it begins. */
  #at = -1;
  #path = "";

  /** @param {Actions} act */
  constructor(act) {
    this.act = act;
    this.el = h("div", { class: "aof" }, this.#ruler, this.#rows.el, this.#key, this.#live);
    this.#rows.el.addEventListener("pointerover", (e) => this.#point(/** @type {Element} */ (e.target), false));
    this.#rows.el.addEventListener("pointerleave", () => this.#light(null));
    this.#rows.el.addEventListener("click", (e) => this.#point(/** @type {Element} */ (e.target), true));
    this.#rows.el.addEventListener("keydown", (e) => this.#press(e));
    act.files.onpoint((/** @type {number} */ ran) => this.#pointed(ran));
  }

  /** @param {any} model @param {number} width */
  update(model, width) {
    this.#model = model;
    const per = this.#fit(width);
    const grown = this.#path === model.shown && per === this.#per;
    const atEnd = this.#rows.first + this.#rows.shown >= this.#lines - 1;
    if (!grown) this.#at = -1;
    this.#per = per;
    this.#path = model.shown;
    const file = shownOf(model);
    this.#lines = Math.ceil((file?.bytes ?? 0) / per);
    this.#rows.set(this.#lines);
    // Who looks at the end goes on looking at it.
    if (!grown || atEnd) this.#rows.show(Math.max(0, this.#lines - 1));
    const mark = (/** @type {string} */ cls, /** @type {string} */ words) =>
      h("span", null, h("i", { class: cls }, "    "), words);
    this.#key.replaceChildren(
      mark("safe", "on the platter"),
      ...(file && unsafe(file) ? [mark("cache", "page cache only"), mark("flying", "on its way")] : []),
      ...(model.verdict ? [mark("broken", "not readable")] : []),
      h("span", null, "a dot is CR or LF, or no letter"),
    );
  }

  #lines = 0;

  /** @param {number} width */
  #fit(width) {
    const one = this.#ruler.getBoundingClientRect().width / 100 || 7.3;
    const room = Math.floor((width - 16) / one) - 9;
    return Math.max(STEP, Math.min(MOST, room - (room % STEP)));
  }

  /** @param {number} first @param {number} count */
  async #draw(first, count) {
    const per = this.#per;
    const m = this.#model;
    const found = /** @type {Bytes | null} */ (
      await this.act.files.ask("bytes", [m.shown, String(first * per), String(count * per)])
    );
    if (!found) return null;
    const rows = [];
    for (let at = found.from; at < found.from + found.text.length; at += per) {
      rows.push(this.#row(found, at, Math.min(at + per, found.from + found.text.length)));
    }
    return rows;
  }

  /** @param {Bytes} found @param {number} from @param {number} to */
  #row(found, from, to) {
    const row = h("div", { class: "line" }, h("span", { class: "off" }, int(from)));
    let next = found.commands.findIndex((c) => c.end > from);
    for (let at = from; at < to;) {
      const written = next >= 0 && found.commands[next]?.start <= at ? found.commands[next] : null;
      const end = Math.min(
        to,
        changeAfter(this.#model, at),
        written?.end ?? found.commands[next < 0 ? found.commands.length : next]?.start ?? to,
      );
      row.append(this.#span(found.text.slice(at - found.from, end - found.from), written, at));
      if (written && end === written.end) next++;
      at = end;
    }
    return row;
  }

  /** @param {string} text @param {Written | null} written @param {number} at */
  #span(text, written, at) {
    const state = stateOf(this.#model, at);
    // Letters as they are; what shows nothing of itself is a dot.
    const parts = text
      .split(/([^\x21-\x7e ]+)/)
      .map((part, i) => (i % 2 ? h("i", null, "·".repeat(part.length)) : part));
    const tint = written ? `c${written.number % TINTS}` : "";
    const begins = written?.start === at ? " begins" : "";
    const on = written && written.start === this.#at ? " on" : "";
    const span = h("span", { class: `${state} ${tint}${begins}${on}`, "data-start": written?.start }, parts);
    if (written) span.dataset.name = this.#name(written, state);
    this.#known.set(span, written);
    return span;
  }

  /** @type {WeakMap<Element, Written | null>} */
  #known = new WeakMap();

  /** @param {Written} w @param {string} state */
  #name(w, state) {
    const by = this.act.files.writer(w.ran);
    const who = by
      ? `written by ${by.line === w.line ? "this line" : by.line} at ${by.at}`
      : w.client
        ? `written by client ${w.client}`
        : "";
    const what = w.command ? `command ${int(w.number + 1)}: ${w.line}` : `annotation ${w.line}`;
    return [what, `bytes ${int(w.start)} to ${int(w.end - 1)}`, STATES[state], who].filter(Boolean).join(" · ");
  }

  /** @param {Element} target @param {boolean} stay */
  #point(target, stay) {
    const span = target.closest("[data-start]");
    const written = span && this.#known.get(span);
    if (!written) return this.#light(null);
    this.#light(written);
    if (stay) this.act.files.reveal(written.ran);
  }

  /** Lights up a command, and the line that wrote it. @param {Written | null} written */
  #light(written) {
    this.#at = written?.start ?? -1;
    this.#mark();
    this.act.files.light(written?.ran);
  }

  #mark() {
    for (const el of this.#rows.el.querySelectorAll("[data-start]"))
      el.classList.toggle("on", Number(/** @type {HTMLElement} */ (el).dataset.start) === this.#at);
  }

  /** A line of the terminal is pointed at: what it wrote lights up, where it can be seen. @param {number} ran */
  #pointed(ran) {
    this.#at = -1;
    if (ran)
      for (const el of this.#rows.el.querySelectorAll("[data-start]")) {
        const written = this.#known.get(el);
        if (written && written.ran === ran) this.#at = written.start;
      }
    this.#mark();
  }

  /** Left and right go from command to command, one after another. @param {KeyboardEvent} e */
  #press(e) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (by === undefined) return;
    e.preventDefault();
    this.#steps = this.#steps.then(() => this.#step(by)).catch(() => {}); // a file that is gone has no commands
  }

  /** Ends when the last step is done. @type {Promise<void>} */
  #steps = Promise.resolve();

  /** @param {number} by */
  async #step(by) {
    const m = this.#model;
    const from = this.#at >= 0 ? this.#at : this.#rows.first * this.#per;
    const here = /** @type {Bytes | null} */ (await this.act.files.ask("bytes", [m.shown, String(from), "1"]));
    const now = here?.commands[0];
    const wanted = this.#at < 0 ? (now?.number ?? 0) : (now?.number ?? 0) + by;
    const found = /** @type {Bytes | null} */ (
      await this.act.files.ask("commands", [m.shown, String(Math.max(0, wanted)), "1"])
    );
    const written = found?.commands[0];
    if (!written) return;
    this.#rows.show(Math.floor(written.start / this.#per));
    this.#light(written);
    const name = this.#name(written, stateOf(m, written.start));
    this.act.files.point("aof", name);
    this.#live.textContent = name;
  }
}

/** @type {WeakMap<Actions, Drawing>} */
const drawings = new WeakMap();

/** @param {any} m */
function summary(m) {
  const file = shownOf(m);
  if (!file) return ["There is no append-only file."];
  const parts = m.files.filter(
    (/** @type {any} */ f) => ["base", "increment"].includes(f.role) && f.brought === file.brought,
  );
  const what = file.form === "text" ? [`${size(file.bytes)} of text.`] : held(m, file);
  const risk =
    unsafe(file) > 0
      ? [" The last ", h("b", null, size(unsafe(file))), " are in the page cache only: a power cut takes them."]
      : file.brought
        ? [" It was brought here; no server has read it."]
        : [" All of it is on the platter."];
  const wrong = m.verdict
    ? [
        " It is sound up to byte ",
        h("b", { class: "bad" }, int(m.ok_up_to)),
        "; the tool would cut off ",
        size(file.bytes - m.ok_up_to),
        ".",
      ]
    : [];
  const all = parts.length > 1 ? ` ${plural(parts.length, "file")} make up the data, read in this order.` : "";
  const rewrite = m.rewriting ? [" ", h("b", null, "A rewrite is under way"), ": a new base is being written."] : [];
  return [what, risk, wrong, all, rewrite];
}

/** @param {any} m @param {any} file */
function held(m, file) {
  if (file.form === "rdb" && !m.commands)
    return [
      h("b", null, size(file.bytes)),
      ": a snapshot, which is what the data began with. Its fields are under RDB.",
    ];
  const snapshot = m.snapshot_bytes ? ` behind a snapshot of ${size(m.snapshot_bytes)}` : "";
  const so_far = m.through ? "" : ` in the first ${size(m.walked)}`;
  return [h("b", null, size(file.bytes)), `: ${plural(m.commands, "command")}${so_far}${snapshot}.`];
}

register({
  id: "aof",
  title: "AOF",
  model: "aof",
  accepts: (m) => Array.isArray(m.files),
  meta: (m) => {
    const file = shownOf(m);
    return file ? `${file.name} · ${roleOf(file)} · ${size(file.bytes)}` : "";
  },
  summary,
  controls: (m, act) => fileControls("aof", m, act, Boolean(m?.verdict)),
  draw(m, w, act) {
    const drawing = drawings.get(act) ?? new Drawing(act);
    drawings.set(act, drawing);
    drawing.update(m, w);
    return drawing.el;
  },
  table: (m, act) =>
    pages({
      count: m.commands,
      size: ROWS_A_PAGE,
      first: act.files.page("aof", m.shown, m.commands - 1),
      turn: (first) => act.files.turn("aof", m.shown, first),
      what: "commands",
      fill: async (first, count) => {
        const found = /** @type {Bytes | null} */ (
          await act.files.ask("commands", [m.shown, String(first), String(count)])
        );
        return (
          found &&
          table(
            "Commands of the file",
            ["number #", "byte #", "bytes #", "command", "where", "written by"],
            found.commands.map((c) => {
              const by = act.files.writer(c.ran);
              const who = by ? `${by.line} at ${by.at}` : c.client ? `client ${c.client}, ${moment(c.at_ms ?? 0)}` : "";
              return [int(c.number + 1), int(c.start), int(c.end - c.start), c.line, STATES[stateOf(m, c.start)], who];
            }),
          )
        );
      },
    }),
  tools: ["BGREWRITEAOF", ":crash", ":crash 20"],
  empty: ["There is no append-only file here. In the sandbox, type ", { line: "CONFIG SET appendonly yes" }, "."],
});

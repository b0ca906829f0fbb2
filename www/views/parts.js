/** Pieces that the views share. */
import { h, int, s } from "../dom.js";

/**
 * A table. A column title that ends with `#` holds numbers.
 * @param {string} caption @param {string[]} columns @param {any[][]} rows @param {number} [lit] the row to mark
 */
export function table(caption, columns, rows, lit = -1) {
  const right = columns.map((c) => c.endsWith("#"));
  const cell = (/** @type {any} */ x, /** @type {number} */ i) => h("td", { class: right[i] ? "r" : null }, x);
  return h(
    "table",
    { class: "tbl" },
    h("caption", { class: "sr" }, caption),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        columns.map((c, i) => h("th", { scope: "col", class: right[i] ? "r" : null }, c.replace(/ ?#$/, ""))),
      ),
    ),
    h(
      "tbody",
      null,
      rows.map((r, i) => h("tr", { class: i === lit ? "lit" : null }, r.map(cell))),
    ),
  );
}

/** @param {number} x @param {number} y @param {any} words @param {string} [cls] */
export const text = (x, y, words, cls = "") => s("text", { x, y, class: cls }, String(words));

/** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {string} cls @param {object} [more] */
export const line = (x1, y1, x2, y2, cls, more = {}) => s("line", { x1, y1, x2, y2, class: cls, ...more });

/**
 * Something that can be pointed at: its name shows under the drawing and is read out on focus.
 * @param {string} name @param {any[]} kids @param {object} [more]
 */
export const named = (name, kids, more = {}) =>
  s("g", { role: "img", "aria-label": name, "data-name": name, tabindex: "-1", ...more }, kids);

/** A text that fits into so many px of the small monospace. @param {string} words @param {number} px */
export const fit = (words, px) => {
  const n = Math.floor(px / 6.7);
  return words.length <= n ? words : n < 2 ? "" : `${words.slice(0, n - 1)}…`;
};

/** @param {number} n @param {string} one @param {string} [many] */
export const plural = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** Facts of a key for a header. @param {any} m a model with a head */
export const meta = ({ head }) =>
  `${head.key} · ${head.type}, ${head.encoding} · ${int(head.len)} ${head.len === 1 ? one(head.unit) : head.unit} · ${int(head.mem_bytes)} B${expiry(head.ttl_ms)}`;

/** One of what a model counts: "entries" is "entry". @param {string} unit */
export const one = (unit) => unit.replace(/ies$/, "y").replace(/s$/, "");

/**
 * A command that was about one element, with whatever else it had left out.
 * @param {string} command @param {string} key @param {string} element
 */
export const called = (command, key, element) =>
  /^Z(REV)?RANK$|^ZSCORE$|^HGET$|^HEXISTS$|^HSTRLEN$|^SISMEMBER$|^PFADD$/.test(command)
    ? `${command} ${key} ${element}`
    : `${command} ${key} … ${element}`;

/** A time span in words. @param {number} ms */
export const ago = (ms) =>
  ms < 1000 ? `${int(ms)} ms` : ms < 100_000 ? `${(ms / 1000).toFixed(1)} s` : `${int(ms / 1000)} s`;

/** How long a key still has. @param {number | undefined} ms */
export const expiry = (ms) => (ms === undefined || ms === null ? "" : ` · expires in ${Math.ceil(ms / 1000)} s`);

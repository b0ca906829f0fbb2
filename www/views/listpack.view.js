/** A listpack: every entry of it to scale, and the entry in question byte by byte. */
import { h, int, s } from "../dom.js";
import { called, fit, meta, named, one, plural, table, text } from "./parts.js";
import { register } from "./registry.js";

const ROW = 46;
const MOST_ROWS = 8;
const BYTE = 26;

/** What an entry's encoding means. @type {Record<string, string>} */
const ENCODINGS = {
  uint7: "a number up to 127, in the encoding byte itself",
  int13: "a number of 13 bits, begun in the encoding byte",
  int16: "a number of 2 bytes",
  int24: "a number of 3 bytes",
  int32: "a number of 4 bytes",
  int64: "a number of 8 bytes",
  str6: "a text of up to 63 bytes: its length is in the encoding byte",
  str12: "a text of up to 4095 bytes: its length takes 12 bits",
  str32: "a longer text: its length takes 4 bytes",
};

/** What an entry is to its value: field or value, member or score. @param {any} m @param {number} i */
const role = (m, i) =>
  i % m.step ? { zset: "score", hash: "value" }[/** @type {string} */ (m.head.type)] : one(m.head.unit);

/** @param {any} m a PackModel */
export function packSummary(m) {
  const { focus: f, head } = m;
  const bytes = h("b", null, `${int(m.total_bytes)} bytes`);
  const unit = one(head.unit);
  const with_ = { zset: ", each with its score, in order", hash: ", each followed by its value" };
  if (!f)
    return [
      bytes,
      " in one run: ",
      plural(head.len, unit),
      with_[/** @type {"zset"} */ (head.type)] ?? "",
      `. It stays so: ${head.why}.`,
    ];
  const value = m.entries[f.entry].value;
  const second = m.entries[f.entry + 1]?.value;
  const tail = [". ", int(m.total_bytes), " bytes in one run."];
  const found = { zset: `rank ${int(f.entry / m.step)}`, hash: `value ${second}` }[/** @type {"zset"} */ (head.type)];
  return [
    h("code", null, called(f.command, head.key, value)),
    " reads from the front: ",
    h("b", null, f.read === 1 ? `the first ${unit}` : plural(f.read, unit)),
    ` until ${value}`,
    ...(found ? [", ", h("b", null, found)] : []),
    ...tail,
  ];
}

/** The bytes of one entry, each with what it is for. @param {any} m @param {number} y @param {number} w */
function drawOpen(m, y, w) {
  const { open } = m;
  const e = m.entries[open.entry];
  const room = Math.floor(w / BYTE);
  const back = e.backlen_bytes;
  const body = open.hex.length - back;
  const shown = Math.min(body, room - back - (open.left_out || body > room - back ? 1 : 0));
  const left = open.left_out + body - shown;
  const name = `${role(m, open.entry)} ${e.value}`;
  const kids = [text(0, y + 10, fit(`${name}, byte by byte`, w), "cap")];
  let x = 0;
  const cell = (/** @type {string} */ words, /** @type {string} */ fill, /** @type {string} */ what) => {
    kids.push(
      named(what, [
        s("rect", { x: x + 0.5, y: y + 16.5, width: BYTE - 2, height: 20, fill, class: "edge" }),
        text(x + BYTE / 2 - 1, y + 30, words, "mid t"),
      ]),
    );
    x += BYTE;
  };
  const label = (/** @type {number} */ from, /** @type {string} */ words) =>
    kids.push(text(from, y + 50, fit(words, Math.max(BYTE, w - from)), "cap"));
  for (let i = 0; i < shown; i++) {
    const head = i < e.header_bytes;
    cell(
      open.hex[i],
      head ? "var(--accent-bg)" : "var(--bg)",
      `byte ${e.offset + i}: ${open.hex[i]}, ${head ? `encoding ${e.encoding}` : "data"}`,
    );
  }
  if (left) cell("…", "var(--bg)", `${plural(left, "byte")} of data left out`);
  const backAt = x;
  for (let i = 0; i < back; i++)
    cell(
      open.hex[body + i],
      "var(--bg-3)",
      `byte ${e.offset + e.bytes - back + i}: ${open.hex[body + i]}, length of all before it, for reading backwards`,
    );
  label(0, e.encoding);
  if (backAt > 60) label(backAt, "back length");
  // What the encoding means, on a second line where it needs one.
  const words = ENCODINGS[e.encoding];
  const cut = words.length * 5.6 < w ? words.length : words.lastIndexOf(" ", w / 5.6);
  kids.push(text(0, y + 66, words.slice(0, cut), "cap"), text(0, y + 81, words.slice(cut + 1), "cap"));
  return kids;
}

/** Bytes in rows, to scale: each entry a box as wide as its bytes. @param {any} m @param {number} w */
export function drawPack(m, w) {
  const perRow = Math.max(24, Math.min(m.total_bytes, Math.floor(w / 9)));
  const cell = w / perRow;
  const on = (/** @type {number} */ i) => m.focus && i >= m.focus.entry && i < m.focus.entry + m.step;
  // A long one is cut to the rows around the entry in question.
  const rows = Math.ceil(m.total_bytes / perRow);
  const at = m.focus ? m.entries[m.focus.entry].offset : 0;
  const from = rows <= MOST_ROWS ? 0 : Math.max(0, Math.min(rows - MOST_ROWS, Math.floor(at / perRow) - 3));
  const shown = Math.min(MOST_ROWS, rows - from);
  const bottom = shown * ROW + 4;
  const svg = s("svg", {
    width: w,
    height: bottom + (m.open ? 90 : 0),
    role: "group",
    "aria-label": `Listpack of ${m.head.key}, to scale in bytes; the table has the same`,
  });
  /** @param {number} at @param {number} bytes @param {(x: number, y: number, width: number, start: boolean) => any} piece */
  const pieces = (at, bytes, piece) => {
    const kids = [];
    for (let b = at; b < at + bytes;) {
      const r = Math.floor(b / perRow) - from;
      const n = Math.min(at + bytes - b, perRow - (b % perRow));
      if (r >= 0 && r < shown) kids.push(piece((b % perRow) * cell, r * ROW + 2, n * cell, b === at));
      b += n;
    }
    return kids;
  };
  const box = (
    /** @type {number} */ at,
    /** @type {number} */ bytes,
    /** @type {string} */ words,
    /** @type {string} */ name,
    /** @type {boolean} */ lit,
    /** @type {string} */ fill,
    /** @type {any[]} */ marks = [],
  ) => {
    // An entry that does not fit its row goes on in the next one; its text stands in the longer piece.
    const first = Math.min(bytes, perRow - (at % perRow));
    const kids = pieces(at, bytes, (x, y, width, start) => [
      s("rect", {
        x: x + 0.5,
        y,
        width: Math.max(1, width - 1),
        height: 22,
        fill,
        class: `edge${lit ? " on-edge" : ""}`,
      }),
      start === first >= bytes / 2 && text(x + width / 2, y + 14, fit(words, width), `mid ${lit ? "t b" : "t"}`),
      start &&
        width > String(at).length * 6.5 - 4 &&
        (x + 14 > w ? text(w, y + 36, String(at), "end") : text(x, y + 36, String(at))),
    ])
      .flat()
      .filter(Boolean);
    if (kids.length) svg.append(named(name, [...kids, ...marks.flat()]));
  };
  box(0, 6, "header", "header: 4 bytes of length, 2 bytes of count", false, "var(--bg-2)");
  m.entries.forEach((/** @type {any} */ e, /** @type {number} */ i) => {
    const what = i % m.step ? `${role(m, i)} ${e.value} of ${m.entries[i - 1].value}` : e.value;
    const strip = (/** @type {number} */ at, /** @type {number} */ n, /** @type {string} */ fill) =>
      pieces(at, n, (x, y, width) =>
        s("rect", { class: "strip", x: x + 1, y: y + 19, width: Math.max(1, width - 2), height: 2.5, fill }),
      );
    box(
      e.offset,
      e.bytes,
      e.value,
      `${what}: bytes ${e.offset} to ${e.offset + e.bytes - 1}: ${e.encoding} ${e.header_bytes}, data ${e.data_bytes}, back length ${e.backlen_bytes}`,
      Boolean(on(i)),
      on(i) || i % m.step ? "var(--accent-bg)" : "var(--bg)",
      [
        strip(e.offset, e.header_bytes, "var(--accent)"),
        strip(e.offset + e.bytes - e.backlen_bytes, e.backlen_bytes, "var(--edge)"),
      ],
    );
  });
  if (!m.cut) box(m.total_bytes - 1, 1, "", "end mark", false, "var(--bg-2)");
  if (m.open) svg.append(...drawOpen(m, bottom, w));
  return svg;
}

/** @param {any} m */
export const packTable = (m) =>
  table(
    `Listpack of ${m.head.key}`,
    ["byte #", "what", "value", "encoding", "header #", "data #", "back length #"],
    [
      ["0", "header", "", "", "6", "", ""],
      ...m.entries.map((/** @type {any} */ e, /** @type {number} */ i) => [
        String(e.offset),
        role(m, i),
        e.value,
        e.encoding,
        String(e.header_bytes),
        String(e.data_bytes),
        String(e.backlen_bytes),
      ]),
    ],
    m.focus ? m.focus.entry + 1 : -1,
  );

register({
  id: "listpack",
  title: "Listpack",
  model: "value",
  order: 2,
  accepts: (m) => m.kind === "listpack",
  meta,
  summary: packSummary,
  draw: drawPack,
  table: packTable,
  empty: ["Small values are one run of bytes. Type ", { line: "HSET user name ann age 31" }, "."],
});

/** The intset: whole numbers in order, all of one width; the way of a binary search, step by step. */
import { h, int, s } from "../dom.js";
import { called, fit, line, meta, named, plural, table, text } from "./parts.js";
import { register } from "./registry.js";

const BOX = 24;
const ROW = 44;
const MOST_ROWS = 4;
/** px of a character of the small monospace. */
const CHAR = 6.7;
const STEP = 22;
const BYTE = 26;

/** @param {any} m */
function summary(m) {
  const f = m.focus;
  const each = [
    h("b", null, `${int(m.total_bytes)} bytes`),
    `: ${plural(m.head.len, "number")} of ${m.width_bytes} bytes each behind a header of 8; ${m.width_why}. `,
  ];
  if (!f) return [each, `It stays so: ${m.head.why}.`];
  const way = [
    h("code", null, called(f.command, m.head.key, f.value)),
    " halves what is left with each look: ",
    h("b", null, f.found ? `place ${f.place}` : "not there"),
    ` after ${plural(f.path.length, "comparison")}`,
  ];
  const wide =
    f.needs_bytes > m.width_bytes ? `. To hold ${f.value} all would become ${f.needs_bytes} bytes wide. ` : ". ";
  return [way, wide, each];
}

/** Each number a box, in rows; those that were compared are marked. @param {any} m @param {number} w */
function drawNumbers(m, w) {
  const f = m.focus;
  const longest = Math.max(...m.values.map((/** @type {string} */ v) => v.length));
  const cell = Math.min(w, Math.max(34, longest * CHAR + 10, m.width_bytes * 6));
  const perRow = Math.max(1, Math.floor(w / cell));
  // A long one is cut to the rows around the number in question.
  const rows = Math.ceil(m.values.length / perRow);
  const at = f ? Math.min(m.values.length - 1, f.place - m.from) : 0;
  const first = rows <= MOST_ROWS ? 0 : Math.max(0, Math.min(rows - MOST_ROWS, Math.floor(at / perRow) - 1));
  const shown = Math.min(MOST_ROWS, rows - first);
  /** @type {any[]} */
  const kids = [];
  for (let r = 0; r < shown; r++)
    for (let c = 0; c < perRow; c++) {
      const i = (first + r) * perRow + c;
      if (i >= m.values.length) break;
      const place = m.from + i;
      const step = f ? f.path.findIndex((/** @type {any} */ p) => p.place === place) + 1 : 0;
      const lit = f?.found && place === f.place;
      const [x, y] = [c * cell, r * ROW];
      const name = `${m.values[i]}: place ${place}, bytes ${8 + place * m.width_bytes} to ${7 + (place + 1) * m.width_bytes}${step ? `, comparison ${step}` : ""}`;
      kids.push(
        named(name, [
          s("rect", {
            x: x + 0.5,
            y: y + 0.5,
            width: cell - 2,
            height: BOX - 1,
            fill: lit ? "var(--accent-bg)" : step ? "var(--bg-2)" : "var(--bg)",
            class: lit ? "edge on-edge" : "edge",
          }),
          text(x + cell / 2 - 1, y + 16, fit(m.values[i], cell), `mid ${lit ? "t b" : "t"}`),
          text(x + 1, y + BOX + 12, String(place), step ? "acc b" : ""),
        ]),
      );
    }
  const [before, after] = [
    m.from + first * perRow,
    m.head.len - m.from - Math.min(m.values.length, (first + shown) * perRow),
  ];
  const rest = [before && `${int(before)} before these`, after && `${int(after)} behind them`]
    .filter(Boolean)
    .join(", ");
  if (rest) kids.push(text(0, shown * ROW + 8, rest, "cap"));
  return { kids, height: shown * ROW + (rest ? 16 : 0) };
}

/** One row a comparison: the places that were still possible, and the number in their middle. @param {any} m @param {number} w */
function drawWay(m, w) {
  const f = m.focus;
  const x = (/** @type {number} */ place) => (place / m.head.len) * w;
  const kids = [text(0, 10, fit(`where ${f.value} may be, look by look`, w), "cap")];
  f.path.forEach((/** @type {any} */ p, /** @type {number} */ i) => {
    const y = 18 + i * STEP;
    const hit = p.value === f.value;
    const words = `${p.value} ${hit ? "is it" : BigInt(p.value) < BigInt(f.value) ? "is less: to the right" : "is more: to the left"}`;
    const [left, right] = [x(p.low), x(p.high)];
    const middle = x(p.place + 0.5);
    const room = Math.max(middle, w - middle);
    const shown = fit(words, room - 8);
    const before = middle > w / 2;
    kids.push(
      named(`comparison ${i + 1}: places ${p.low} to ${p.high - 1}, ${words}`, [
        s("rect", {
          x: left + 0.5,
          y: y + 0.5,
          width: Math.max(2, right - left - 1),
          height: STEP - 5,
          fill: hit ? "var(--accent-bg)" : "var(--bg-2)",
          class: hit ? "edge on-edge" : "edge",
        }),
        line(middle, y, middle, y + STEP - 4, hit ? "on-edge" : "axis"),
        text(before ? middle - 5 : middle + 5, y + 13, shown, `${before ? "end " : ""}t${hit ? " b" : ""}`),
      ]),
    );
  });
  return { kids, height: 18 + f.path.length * STEP };
}

/** The bytes of one number, low byte first. @param {any} m @param {number} w */
function drawBytes(m, w) {
  const value = m.values[m.open - m.from];
  const kids = [text(0, 10, fit(`${value}, byte by byte: the lowest first`, w), "cap")];
  m.hex.forEach((/** @type {string} */ hex, /** @type {number} */ i) =>
    kids.push(
      named(`byte ${8 + m.open * m.width_bytes + i}: ${hex}`, [
        s("rect", { x: i * BYTE + 0.5, y: 16.5, width: BYTE - 2, height: 20, fill: "var(--bg)", class: "edge" }),
        text(i * BYTE + BYTE / 2 - 1, 30, hex, "mid t"),
      ]),
    ),
  );
  return { kids, height: 42 };
}

/** @param {any} m @param {number} w */
function draw(m, w) {
  const svg = s("svg", {
    width: w,
    role: "group",
    "aria-label": `Intset of ${m.head.key}, in ascending order; the table has the same`,
  });
  let y = 0;
  const pieces = [drawNumbers(m, w), ...(m.focus?.path.length ? [drawWay(m, w)] : []), drawBytes(m, w)];
  for (const { kids, height } of pieces) {
    svg.append(s("g", { transform: `translate(0 ${y})` }, kids));
    y += height + 8;
  }
  svg.setAttribute("height", String(y));
  return svg;
}

/** @param {any} m */
function rows(m) {
  const step = (/** @type {number} */ place) =>
    (m.focus?.path.findIndex((/** @type {any} */ p) => p.place === place) ?? -1) + 1;
  const numbers = m.values.map((/** @type {string} */ v, /** @type {number} */ i) => {
    const place = m.from + i;
    return [int(place), String(8 + place * m.width_bytes), v, step(place) ? String(step(place)) : ""];
  });
  const left = m.head.len - m.values.length;
  return h(
    "div",
    null,
    table(
      `Numbers of ${m.head.key}`,
      ["place #", "first byte #", "number #", "comparison #"],
      numbers,
      m.focus?.found ? m.focus.place - m.from : -1,
    ),
    left > 0 && h("p", { class: "foot" }, `${int(left)} more are not listed.`),
  );
}

register({
  id: "intset",
  title: "Intset",
  model: "value",
  order: 5,
  accepts: (m) => m.kind === "intset",
  form: (m) => ({ name: `intset, ${m.width_bytes} bytes a number`, why: m.width_why }),
  meta,
  summary,
  draw,
  table: rows,
  empty: ["A set of whole numbers is one sorted array. Type ", { line: "SADD primes 2 3 5 7 11 13" }, "."],
});

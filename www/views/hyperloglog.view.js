/** A HyperLogLog: the hash of the last element, the register it fell into, and how often each rank stands there. */
import { h, int, s } from "../dom.js";
import { called, expiry, fit, named, plural, table, text } from "./parts.js";
import { register } from "./registry.js";

const BAR = 15;

/** The standard error of the estimate, in elements. @param {any} m */
const error = (m) => (1.04 / Math.sqrt(m.registers)) * m.estimate;

/** @param {any} m */
function summary(m) {
  const f = m.focus;
  const estimate = [
    " The estimate: ",
    h("b", null, `${int(m.estimate)} different`),
    m.estimate >= 100 && `, give or take ${int(error(m))}`,
    `, from ${int(m.bytes)} bytes.`,
  ];
  if (!f)
    return [
      h("b", null, `${int(m.registers)} registers`),
      ` keep the longest run of zeros that each was dealt.`,
      ...estimate,
    ];
  return [
    h("code", null, called(f.command, m.head.key, f.element)),
    " picks ",
    h("b", null, `register ${int(f.register)}`),
    ` and has ${plural(f.rank - 1, "zero")} in a row there: `,
    h("b", null, `rank ${f.rank}`),
    f.held > f.rank ? `, less than the ${f.held} that it held: nothing changes.` : ", which it now holds.",
    ...estimate,
  ];
}

/** The hash, the highest bit left, in as many rows as it takes. @param {any} f @param {number} w */
function drawHash(f, w) {
  const per = w < 64 * 7 + 12 ? 32 : 64;
  const step = Math.min(8, (w - 8) / per);
  const index = 64 - f.index_bits;
  // The run ends with the first one, read from the index leftwards.
  const run = index - f.rank;
  const kinds = ["rest", "the one that ends the run", "zeros of the run", "register"];
  const kind = (/** @type {number} */ i) => (i >= index ? 3 : i > run ? 2 : i === run ? 1 : 0);
  const kids = [text(0, 10, fit(`hash of ${f.element}, 64 bits`, w), "cap")];
  for (let i = 0; i < 64;) {
    let end = i;
    while (end < 64 && kind(end) === kind(i) && Math.floor(end / per) === Math.floor(i / per)) end++;
    const [x, y] = [(i % per) * step, 16 + Math.floor(i / per) * 34];
    const k = kind(i);
    const bits = f.hash.slice(i, end);
    const words = [
      `bits ${63 - i} to ${64 - end}, ${bits}: ${kinds[k]}${k === 3 ? ` ${int(f.register)}` : k === 0 ? " of the hash, not used" : ""}`,
    ];
    kids.push(
      named(words[0], [
        s("rect", {
          x,
          y,
          width: (end - i) * step - 1,
          height: 18,
          fill: k === 0 ? "var(--bg)" : k === 3 ? "var(--accent-bg)" : "var(--bg-3)",
          class: k === 3 ? "edge on-edge" : "edge",
        }),
        ...[...bits].map((bit, j) =>
          text(x + (j + 0.5) * step - 0.5, y + 13, bit, `mid bit ${k === 0 ? "" : k === 3 ? "acc b" : "t b"}`),
        ),
      ]),
    );
    if (k === 3 && end === 64)
      kids.push(text(x + (end - i) * step - 1, y + 30, `register ${int(f.register)}`, "end acc b"));
    if (k === 1) kids.push(text(x + step, y + 30, `rank ${f.rank}`, `${x > 60 ? "end" : ""} t b`));
    i = end;
  }
  return { kids, height: 16 + (64 / per) * 34 };
}

/** @param {any} m @param {number} w @param {number} y */
function drawWindow(m, w, y) {
  const step = w / m.window.length;
  const kids = [
    text(0, y + 10, `registers ${int(m.from)} to ${int(m.from + m.window.length - 1)} of ${int(m.registers)}`, "cap"),
  ];
  m.window.forEach((/** @type {number} */ rank, /** @type {number} */ i) => {
    const here = m.focus?.register === m.from + i;
    kids.push(
      named(`register ${int(m.from + i)}: ${rank ? `rank ${rank}` : "empty"}`, [
        s("rect", {
          x: i * step + 0.5,
          y: y + 16.5,
          width: step - 2,
          height: 20,
          fill: here ? "var(--accent-bg)" : "var(--bg)",
          class: here ? "edge on-edge" : "edge",
        }),
        text(i * step + step / 2 - 0.5, y + 30, String(rank), `mid ${here ? "acc b" : rank ? "t" : ""}`),
      ]),
    );
  });
  return kids;
}

/** How many registers hold each rank, as bars. @param {any} m @param {number} w @param {number} y */
function drawRanks(m, w, y) {
  const most = Math.max(...m.ranks);
  const left = 30;
  const room = w - left - 60;
  const kids = [text(0, y + 10, "registers of each rank", "cap")];
  m.ranks.forEach((/** @type {number} */ n, /** @type {number} */ rank) => {
    const top = y + 16 + rank * BAR;
    const here = m.focus && rank === m.focus.held;
    kids.push(
      named(`rank ${rank}: ${plural(n, "register")}`, [
        text(left - 8, top + 11, String(rank), `end ${here ? "acc b" : ""}`),
        s("rect", {
          x: left,
          y: top + 2,
          width: n ? Math.max(1.5, (room * n) / most) : 0.5,
          height: BAR - 4,
          fill: here ? "var(--accent)" : "var(--edge)",
          class: "strip",
        }),
        text(left + (room * n) / most + 6, top + 11, int(n), n ? "t2" : ""),
      ]),
    );
  });
  return kids;
}

/** @param {any} m @param {number} w */
function draw(m, w) {
  const hash = m.focus ? drawHash(m.focus, w) : { kids: [], height: -8 };
  const height = hash.height + 8 + 52 + 16 + m.ranks.length * BAR + 4;
  return s(
    "svg",
    { width: w, height, role: "group", "aria-label": `Registers of ${m.head.key}; the table has the same` },
    hash.kids,
    drawWindow(m, w, hash.height + 8),
    drawRanks(m, w, hash.height + 60),
  );
}

/** @param {any} m */
const rows = (m) =>
  h(
    "div",
    null,
    h(
      "p",
      { class: "sum" },
      m.focus
        ? `Hash of ${m.focus.element}: ${m.focus.hash}, register ${int(m.focus.register)}, rank ${m.focus.rank}. `
        : "",
      m.runs ? `The first runs: ${m.runs}.` : "",
    ),
    table(
      `Registers of ${m.head.key} by rank`,
      ["rank #", "registers #", "share #"],
      m.ranks.map((/** @type {number} */ n, /** @type {number} */ rank) => [
        String(rank),
        int(n),
        `${((100 * n) / m.registers).toFixed(2)} %`,
      ]),
      m.focus ? m.focus.held : -1,
    ),
  );

register({
  id: "hyperloglog",
  title: "HyperLogLog",
  model: "value",
  order: 4,
  accepts: (m) => m.kind === "hyperloglog",
  meta: ({ head, encoding, cached }) =>
    `${head.key} · ${encoding} · ${int(head.len)} B · estimate ${cached ? "kept" : "to be computed"}${expiry(head.ttl_ms)}`,
  summary,
  draw,
  table: rows,
  empty: ["How many different ones were there? Type ", { line: "PFADD visitors ann bob eve" }, "."],
});

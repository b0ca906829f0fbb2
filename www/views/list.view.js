/** The list: one run of bytes while it is short, else a chain of such runs; the element just touched, and the way there. */
import { h, int, s } from "../dom.js";
import { expiry, fit, line, named, plural, table, text } from "./parts.js";
import { drawPack, packTable } from "./listpack.view.js";
import { register } from "./registry.js";

const CAP = 18;
const BOX = 22;
/** From one row of boxes to the next: their places stand between. */
const ROW = 42;
const GAP = 6;
/** px of a character of the small monospace. */
const CHAR = 6.7;
const WIDEST = 150;

/** @param {any} m @param {any} e */
const fromRight = (m, e) => `−${int(m.head.len - e.place)}`;

/** Whether a search passed a node by. @param {any} m @param {any} n */
const skipped = (m, n) =>
  m.focus && (m.focus.from_right ? m.node_count - 1 - n.node < m.focus.skipped : n.node < m.focus.skipped);

/** @param {any} m @param {any} n */
const nodeWords = (m, n) =>
  [
    m.head.encoding === "listpack"
      ? "one listpack"
      : `${n.plain ? "large element" : "listpack"} ${int(n.node + 1)} of ${int(m.node_count)}`,
    `${plural(n.len, "element")}, ${int(n.bytes)} B`,
    skipped(m, n) ? "skipped by its count" : "",
  ]
    .filter(Boolean)
    .join(" · ");

/** @param {any} m */
function summary(m) {
  const f = m.focus;
  const chain = m.head.encoding === "quicklist";
  const many = plural(m.head.len, "element");
  const kept = [
    h("b", null, chain ? `${many} in ${plural(m.node_count, "listpack")}` : `${many} in one listpack`),
    `; ${m.head.why}. `,
  ];
  if (!f) return kept;
  const typed = [h("code", null, `${f.command} ${m.head.key}${/^L(INDEX|SET)$/.test(f.command) ? ` ${f.place}` : ""}`)];
  const end = f.from_right ? "right" : "left";
  if (/PUSH/.test(f.command))
    return [typed, " adds on the ", h("b", null, f.command.startsWith("L") ? "left" : "right"), ". ", kept];
  return [
    typed,
    ` comes from the ${end}`,
    f.skipped > 0 && `, skips ${plural(f.skipped, "listpack")} by the count alone,`,
    " and finds ",
    h("b", null, f.value),
    ". ",
    kept,
  ];
}

/**
 * Boxes in rows, with what was left out between them.
 * @param {any} m @param {any} n @param {number} w @returns {{kids: any[], height: number}}
 */
function drawNode(m, n, w) {
  /** @type {any[]} */
  const kids = [text(0, 11, fit(nodeWords(m, n), w), "cap")];
  let [x, y] = [0, CAP];
  let next = n.first;
  /** @param {number} width */
  const place = (width) => {
    if (x > 0 && x + width > w) [x, y] = [0, y + ROW];
    x += width + GAP;
    return x - width - GAP;
  };
  /** @param {number} to the place after those that are left out */
  const leaveOut = (to) => {
    if (to === next) return;
    const words = `… ${int(to - next)} more …`;
    kids.push(text(place(words.length * CHAR), y + 15, words));
  };
  for (const e of n.elements) {
    leaveOut(e.place);
    next = e.place + 1;
    const lit = m.focus?.place === e.place;
    const [left, right] = [int(e.place), fromRight(m, e)];
    const room = Math.max(e.value.length * CHAR + 12, (left.length + right.length + 2) * CHAR);
    const width = Math.min(room, WIDEST, w);
    const at = place(width);
    kids.push(
      named(`${e.value}: place ${left}, from the right ${right}`, [
        s("rect", {
          x: at + 0.5,
          y: y + 0.5,
          width: width - 1,
          height: BOX - 1,
          fill: lit ? "var(--accent-bg)" : "var(--bg)",
          class: lit ? "edge on-edge" : "edge",
        }),
        text(at + width / 2, y + 15, fit(e.value, width - 6), `mid ${lit ? "t b" : "t"}`),
        text(at, y + BOX + 12, left, lit ? "acc b" : ""),
        text(at + width, y + BOX + 12, right, `end${lit ? " acc b" : ""}`),
      ]),
    );
  }
  leaveOut(n.first + n.len);
  return { kids, height: y + ROW };
}

/** A list in one listpack as its bytes. @param {any} m */
const packed = (m) => ({
  ...m.bytes,
  head: m.head,
  focus: m.focus && m.focus.place < m.bytes.entries.length ? { entry: m.focus.place } : undefined,
});

/** @param {any} m @param {number} w */
const draw = (m, w) =>
  m.bytes ? h("div", { class: "stack" }, drawNodes(m, w), drawPack(packed(m), w)) : drawNodes(m, w);

/** @param {any} m @param {number} w */
function drawNodes(m, w) {
  const svg = s("svg", {
    width: w,
    role: "group",
    "aria-label": `List ${m.head.key}, from left to right; the table has the same`,
  });
  svg.append(text(0, 10, "left: LPUSH, LPOP", "cap"));
  let y = 22;
  let next = 0;
  for (const n of m.nodes) {
    if (n.node > 0) svg.append(line(4, y - 8, 4, y, "axis"));
    if (n.node > next) {
      svg.append(text(0, y + 12, `… ${plural(n.node - next, "listpack")} more …`), line(4, y + 16, 4, y + 24, "axis"));
      y += 26;
    }
    next = n.node + 1;
    const { kids, height } = drawNode(m, n, w);
    svg.append(s("g", { transform: `translate(0 ${y})` }, kids));
    y += height + 6;
  }
  svg.append(text(w, y + 4, "right: RPUSH, RPOP", "cap end"));
  svg.setAttribute("height", String(y + 10));
  return svg;
}

/** @param {any} m */
function rows(m) {
  const all = m.nodes.flatMap((/** @type {any} */ n) =>
    n.elements.map((/** @type {any} */ e) => [int(e.place), fromRight(m, e), e.value, int(n.node + 1)]),
  );
  const lit = all.findIndex((/** @type {any[]} */ r) => r[0] === (m.focus && int(m.focus.place)));
  const left = m.head.len - all.length;
  return h(
    "div",
    null,
    h(
      "p",
      { class: "sum" },
      m.nodes.map((/** @type {any} */ n) => `${nodeWords(m, n)}. `),
    ),
    table(`Elements of ${m.head.key}`, ["place #", "from the right #", "element", "listpack #"], all, lit),
    left > 0 && h("p", { class: "foot" }, `${int(left)} elements lie between these.`),
    m.bytes && packTable(packed(m)),
  );
}

register({
  id: "list",
  title: "List",
  model: "value",
  order: 1,
  accepts: (m) => m.kind === "list",
  meta: ({ head }) =>
    `${head.key} · ${head.encoding} · ${plural(head.len, "element")} · ${int(head.mem_bytes)} B${expiry(head.ttl_ms)}`,
  summary,
  draw,
  table: rows,
  empty: [
    "What the last command touched is drawn here. Type ",
    { line: "RPUSH letters a b c" },
    " and then ",
    { line: "LINDEX letters -1" },
    ".",
  ],
});

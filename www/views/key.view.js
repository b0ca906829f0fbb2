/** Any other key: what it is, why it is encoded so, and its first elements; the hash table of those kept in one. */
import { h, int, s } from "../dom.js";
import { drawTables, tableRows, tableSummary } from "./hash-table.view.js";
import { fit, meta, named, table, text } from "./parts.js";
import { register } from "./registry.js";

const ROW = 20;
const MOST = 12;

/** @param {any} m @param {number} w */
function drawRows(m, w) {
  const first = Math.max(0, Math.min((m.focus ?? 0) - 4, m.rows.length - MOST));
  const rows = m.rows.slice(first, first + MOST);
  const half = m.columns.length > 1 ? Math.min(w * 0.4, 160) : 0;
  const svg = s("svg", {
    width: w,
    height: rows.length * ROW + 22,
    role: "group",
    "aria-label": `${m.head.key}, a ${m.head.type}; the table has the same`,
  });
  rows.forEach((/** @type {string[]} */ r, /** @type {number} */ i) => {
    const lit = m.focus === first + i;
    const y = i * ROW;
    const cls = `edge${lit ? " on-edge" : ""}`;
    const kids = [
      s("rect", {
        x: half + 0.5,
        y: y + 0.5,
        width: w - half - 1,
        height: ROW - 3,
        fill: lit ? "var(--accent-bg)" : "var(--bg)",
        class: cls,
      }),
      text(half + 6, y + 13, fit(r[r.length - 1], w - half - 12), lit ? "t b" : "t"),
    ];
    if (half) kids.push(text(half - 8, y + 13, fit(r[0], half - 12), `end ${lit ? "acc b" : "t2"}`));
    svg.append(named(r.join(": "), kids));
  });
  const rest = m.head.type === "string" ? 0 : m.head.len - rows.length;
  if (rest > 0) svg.append(text(half + 6, rows.length * ROW + 14, `${int(rest)} more`, "cap"));
  return svg;
}

register({
  id: "key",
  title: "Key",
  model: "value",
  order: 9,
  accepts: (m) => m.kind === "plain",
  meta,
  summary: (m) => [
    h("code", null, m.head.key),
    ` is a ${m.head.type}, kept as `,
    h("b", null, m.head.encoding),
    `: ${m.head.why}. `,
    ...(m.table?.touched ? tableSummary(m.table) : []),
  ],
  draw: (m, w) => (m.table ? drawTables(m.table, w) : drawRows(m, w)),
  table: (m) => (m.table ? tableRows(m.table) : table(`Elements of ${m.head.key}`, m.columns, m.rows, m.focus ?? -1)),
  empty: [],
});

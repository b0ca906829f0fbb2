/** The hash table: buckets with their chains, the bucket of the key just touched, and a rehash under way. */
import { h, int, s } from "../dom.js";
import { fit, line, named, one, plural, table, text } from "./parts.js";
import { register } from "./registry.js";

const ROW = 20;

/** @param {number} n @param {any} m */
const many = (n, m) => `${int(n)} ${n === 1 ? m.entries.replace(/s$/, "") : m.entries}`;

/** @param {any} m a TableModel */
export function tableSummary(m) {
  const out = [];
  const at = m.touched;
  if (at) {
    const t = m.tables[at.table];
    const bits = Math.log2(t.size);
    const chain = t.buckets[at.bucket - t.from] ?? [];
    out.push(
      h("code", null, at.name),
      " hashes to ",
      h("code", null, `…${at.hash.slice(-6)}`),
      `; the last ${plural(bits, "bit")} pick `,
      h("b", null, `bucket ${int(at.bucket)}`),
      ` of ${int(t.size)}. `,
    );
    if (!at.found) out.push("It is not there. ");
    else if (chain.length > 1)
      out.push(
        `It shares it with ${plural(chain.length - 1, "other")}: ${plural(at.depth + 1, "step")} along the chain. `,
      );
  }
  if (m.rehashed !== undefined && m.rehashed !== null)
    out.push(
      h("b", null, `Rehashing: ${int(m.rehashed)} of ${int(m.tables[0].size)} buckets`),
      ` have moved to the table of ${int(m.tables[1].size)}; each key added or removed moves one more, the server's timer the rest.`,
    );
  else if (!at)
    out.push(
      h("b", null, `${int(m.len)} ${m.len === 1 ? one(m.entries) : m.entries}`),
      ` in ${int(m.tables[0].size)} buckets; one more bit of the hash is used each time they are full.`,
    );
  return out;
}

/** @param {any} t @param {number} number @param {any} m @param {number} x @param {number} w */
function drawTable(t, number, m, x, w) {
  const kids = [];
  const label = m.tables.length > 1 ? (number ? "new table" : "old table") : "table";
  kids.push(text(x, 10, `${label}: ${int(t.size)} buckets, ${many(t.used, m)}`, "cap"));
  const left = x + Math.max(28, String(t.from + t.buckets.length).length * 7 + 8);
  t.buckets.forEach((/** @type {any[]} */ chain, /** @type {number} */ i) => {
    const bucket = t.from + i;
    const y = 18 + i * ROW;
    const here = m.touched && m.touched.table === number && m.touched.bucket === bucket;
    const moved = number === 0 && m.tables.length > 1 && bucket < m.rehashed;
    kids.push(text(left - 8, y + 13, int(bucket), `end${here ? " acc b" : ""}`));
    kids.push(
      named(
        `bucket ${bucket}: ${moved ? "moved to the new table" : chain.length ? chain.map((e) => e.name).join(" → ") : "empty"}`,
        [
          s("rect", {
            x: left,
            y: y + 1,
            width: 12,
            height: ROW - 4,
            fill: here ? "var(--accent-bg)" : "var(--bg)",
            class: here ? "edge on-edge" : "edge",
            "stroke-dasharray": moved ? "2 2" : null,
          }),
        ],
      ),
    );
    let at = left + 12;
    const room = Math.max(40, (x + w - at - 4) / Math.max(1, chain.length) - 10);
    for (const e of chain) {
      const words = fit(e.name, Math.min(room, 150) - 8);
      const width = Math.max(16, words.length * 6.7 + 8);
      if (at + 8 + width > x + w) {
        kids.push(text(at + 4, y + 13, "…"));
        break;
      }
      kids.push(
        line(
          at,
          y + ROW / 2 - 1,
          at + 8,
          y + ROW / 2 - 1,
          e.touched || (here && m.touched.found && chain.indexOf(e) < m.touched.depth) ? "path" : "axis",
        ),
      );
      kids.push(
        named(`${e.name}, in bucket ${bucket}`, [
          s("rect", {
            x: at + 8,
            y: y + 1,
            width,
            height: ROW - 4,
            fill: e.touched ? "var(--accent-bg)" : "var(--bg)",
            class: e.touched ? "edge on-edge" : "edge",
          }),
          text(at + 12, y + 13, words, e.touched ? "t b" : "t"),
        ]),
      );
      at += 8 + width;
      if (e.more) kids.push(text(at + 4, y + 13, `+${int(e.more)}`));
    }
  });
  return kids;
}

/** @param {any} m @param {number} w */
export function drawTables(m, w) {
  const both = m.tables.length > 1;
  const stacked = both && w < 460;
  const heights = m.tables.map((/** @type {any} */ t) => 18 + t.buckets.length * ROW + 8);
  const top = both ? 26 : 0;
  const height = top + (stacked ? heights[0] + heights[1] : Math.max(...heights));
  const svg = s("svg", {
    width: w,
    height,
    role: "group",
    "aria-label": `Hash table of ${m.of}; the table has the same`,
  });
  if (both) {
    const done = m.rehashed / m.tables[0].size;
    svg.append(
      s("rect", { x: 0, y: 2, width: w, height: 8, class: "edge", fill: "none" }),
      s("rect", { x: 0, y: 2, width: w * done, height: 8, fill: "var(--accent)" }),
    );
  }
  let [x, y] = [0, top];
  m.tables.forEach((/** @type {any} */ t, /** @type {number} */ i) => {
    svg.append(s("g", { transform: `translate(0 ${y})` }, drawTable(t, i, m, x, both && !stacked ? w / 2 - 8 : w)));
    if (stacked) y += heights[0];
    else x = w / 2 + 8;
  });
  return svg;
}

/** @param {any} m */
export function tableRows(m) {
  const rows = m.tables.flatMap((/** @type {any} */ t, /** @type {number} */ n) =>
    t.buckets.flatMap((/** @type {any[]} */ chain, /** @type {number} */ i) =>
      chain.map((e, depth) => [
        m.tables.length > 1 ? ["old", "new"][n] : "",
        int(t.from + i),
        String(depth + 1),
        e.name,
        e.touched ? "just touched" : "",
      ]),
    ),
  );
  const lit = rows.findIndex((/** @type {any[]} */ r) => r[4]);
  const about = h(
    "p",
    { class: "sum" },
    m.tables.map(
      (/** @type {any} */ t, /** @type {number} */ n) =>
        `${m.tables.length > 1 ? ["Old", "New"][n] : "The"} table: ${int(t.size)} buckets, ${int(t.used)} ${m.entries}, buckets ${int(t.from)} to ${int(t.from + t.buckets.length - 1)} shown. `,
    ),
  );
  return h(
    "div",
    null,
    about,
    table(`Buckets of ${m.of}`, ["table", "bucket #", "place #", m.entries.replace(/s$/, ""), ""], rows, lit),
  );
}

register({
  id: "hash-table",
  title: "Hash table",
  model: "keys",
  accepts: (m) => m.kind === "table",
  meta: (m) => `${m.of} · ${many(m.len, m)}${m.tables.length > 1 ? " · rehashing" : ""}`,
  summary: tableSummary,
  draw: drawTables,
  table: tableRows,
  empty: [
    "No keys yet. Each key falls into a bucket by its hash: type ",
    { line: "SET greeting hello" },
    " and see which.",
  ],
});

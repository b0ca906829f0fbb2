/** Eviction: memory against its limit, the keys that were looked at, the pool of candidates, and the one that went. */
import { h, int, s } from "../dom.js";
import { ago, fit, named, plural, table, text } from "./parts.js";
import { register } from "./registry.js";

const W = 92;
const GAP = 8;
const ROW = 44;

/** @param {number} bytes */
const kb = (bytes) => `${int(bytes / 1000)} kB`;

/** What a key is judged by. @param {any} m @param {any} c */
const judged = (m, c) =>
  ({ idle: `idle ${int(c.value)} s`, uses: `counter ${c.value}`, time: `${ago(c.value)} left` })[
    /** @type {"idle"} */ (m.measure)
  ] ?? "";

const BEST = {
  idle: "idle longest of those it remembers",
  uses: "with the lowest counter of those it remembers",
  time: "the next to expire of those it remembers",
};

/** @param {any} m */
function summary(m) {
  const memory = [h("b", null, `${kb(m.used)} of ${kb(m.limit)}`), ` in use, policy `, h("code", null, m.policy), ". "];
  if (m.policy === "noeviction") return [memory, "At the limit, commands that need memory are refused."];
  if (!m.evicted) return [memory, "Nothing had to go yet."];
  const why = m.measure
    ? [`: ${BEST[/** @type {"idle"} */ (m.measure)]}`, m.victim && `, ${judged(m, m.victim)}`]
    : [", by chance"];
  return [
    memory,
    m.victim && ["The last to go was ", h("b", null, m.victim.key), why, ". "],
    `${plural(m.evicted, "key")} evicted so far, ${int(m.keys)} left.`,
  ];
}

/** @param {any} m @param {number} w */
function draw(m, w) {
  const perRow = Math.max(2, Math.floor((w + GAP) / (W + GAP)));
  const svg = s("svg", {
    width: w,
    role: "group",
    "aria-label": "Memory and the keys that may go; the table has the same",
  });
  const full = Math.min(1, m.used / m.limit);
  svg.append(
    named(`${kb(m.used)} of ${kb(m.limit)} in use`, [
      s("rect", { x: 0.5, y: 0.5, width: w - 1, height: 11, class: "edge", fill: "none" }),
      s("rect", {
        class: "strip",
        x: 1,
        y: 1,
        width: Math.max(1, (w - 2) * full),
        height: 10,
        fill: full >= 1 ? "var(--alarm)" : "var(--accent)",
      }),
    ]),
  );
  let y = 20;
  /** @param {string} title @param {any[]} keys @param {(c: any, i: number) => {cls: string, fill: string, dash?: boolean, note: string}} look */
  const group = (title, keys, look) => {
    if (!keys.length) return;
    svg.append(text(0, y + 10, fit(title, w * 1.15), "cap"));
    y += 16;
    keys.forEach((c, i) => {
      const [x, top] = [(i % perRow) * (W + GAP), y + Math.floor(i / perRow) * ROW];
      const { cls, fill, dash, note } = look(c, i);
      svg.append(
        named(`${c.key} in db ${c.db}, ${judged(m, c)}: ${note}`, [
          s("rect", {
            x: x + 0.5,
            y: top + 0.5,
            width: W - 1,
            height: 20,
            fill,
            class: `edge ${cls}`,
            "stroke-dasharray": dash ? "2 3" : null,
          }),
          text(x + W / 2, top + 14, fit(c.key, W - 8), `mid ${cls ? "t b" : "t"}`),
          text(x + W / 2, top + 33, fit(judged(m, c), W + GAP), "mid"),
        ]),
      );
    });
    y += Math.ceil(keys.length / perRow) * ROW + 4;
  };
  if (m.victim) group("evicted last", [m.victim], () => ({ cls: "gone", fill: "var(--alarm-bg)", note: "evicted" }));
  group(`the sample it was looked for in, ${plural(m.samples.length, "key")} that are still there`, m.samples, (c) => ({
    cls: "",
    fill: c.pooled ? "var(--accent-bg)" : "var(--bg)",
    dash: !c.pooled,
    note: c.pooled ? "taken into the pool" : "no better than what the pool holds",
  }));
  const pool = [...m.pool].reverse();
  group("pool of the best candidates, the next to go first", pool, (c, i) => ({
    cls: i ? "" : "on-edge",
    fill: i ? "var(--bg)" : "var(--accent-bg)",
    note: i ? `number ${i + 1} in the pool` : "the next to go, unless a sample finds a better one",
  }));
  svg.setAttribute("height", String(y));
  return svg;
}

/** @param {any} m */
const rows = (m) =>
  table(
    "Keys that may go",
    ["where", "key", "db #", m.measure ?? ""],
    [
      ...(m.victim ? [["evicted", m.victim]] : []),
      ...m.samples.map((/** @type {any} */ c) => [c.pooled ? "sampled, pooled" : "sampled", c]),
      ...[...m.pool].reverse().map((c, i) => [`pool ${i + 1}`, c]),
    ].map(([where, c]) => [where, c.key, String(c.db), judged(m, c)]),
    m.victim ? 0 : -1,
  );

register({
  id: "eviction",
  title: "Eviction",
  model: "keys",
  order: 1,
  accepts: (m) => m.kind === "eviction",
  meta: (m) => `maxmemory ${kb(m.limit)} · ${m.policy} · ${int(m.evicted)} evicted`,
  summary,
  draw,
  table: rows,
  empty: [
    "Memory has no limit yet. Type ",
    { line: "CONFIG SET maxmemory 2mb" },
    " and ",
    { line: "CONFIG SET maxmemory-policy allkeys-lru" },
    ".",
  ],
});

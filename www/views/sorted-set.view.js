/** The sorted set: its bytes while it is a listpack, else the skiplist with the way that the last search took. */
import { h, int, s } from "../dom.js";
import { drawPack, packSummary, packTable } from "./listpack.view.js";
import { called, expiry, fit, line, named, plural, table, text } from "./parts.js";
import { register } from "./registry.js";

const TOP = 18;
const LEVEL = 40;
const CELL = 20;
const MOST_LEVELS = 8;

/** @param {any} m the head of a model */
const meta = ({ head }) =>
  `${head.key} · ${head.encoding} · ${int(head.len)} ${head.len === 1 ? "member" : "members"} · ${int(head.mem_bytes)} B${expiry(head.ttl_ms)}`;

/** @param {any} m */
function listSummary(m) {
  const f = m.focus;
  if (!f)
    return [
      h("b", null, `${int(m.head.len)} members on ${m.levels} ${m.levels === 1 ? "level" : "levels"}`),
      `: one node in four reaches the next level. Ask for a place, `,
      h("code", null, `ZRANK ${m.head.key} member`),
      ", to see the way there.",
    ];
  const taken = f.path.filter((/** @type {any} */ p) => p.taken);
  const spans = taken.map((/** @type {any} */ p) => int(p.span));
  const inner = m.node_capacity > 1 ? `, plus ${f.place} in its node` : "";
  const sum = taken.reduce((/** @type {number} */ n, /** @type {any} */ p) => n + p.span, 0);
  return [
    h("code", null, called(f.command, m.head.key, f.member)),
    ` tried ${plural(f.path.length, "pointer")}, took ${taken.length}: `,
    h("b", null, spans.length > 1 ? `${spans.join(" + ")} = ${int(sum)}` : spans.join("")),
    `${inner}, from zero: `,
    h("b", null, `rank ${int(f.rank)}`),
    ". Dotted: too far.",
  ];
}

/** The nodes that fit: those of the path first, then the nearest to the goal. @param {any} m @param {number} most @returns {any[]} */
function choose(m, most) {
  if (m.nodes.length <= most) return m.nodes;
  const goal = m.focus ? m.nodes.findIndex((/** @type {any} */ n) => n.node === m.focus.node) : 0;
  const need = new Map();
  const want = (/** @type {number} */ i, /** @type {number} */ weight) =>
    i >= 0 && need.set(i, Math.min(need.get(i) ?? Infinity, weight));
  m.nodes.forEach((/** @type {any} */ _, /** @type {number} */ i) => want(i, 100 + Math.abs(i - goal)));
  for (const p of m.focus?.path ?? [])
    want(
      m.nodes.findIndex((/** @type {any} */ n) => n.node === p.to),
      p.taken ? 1 : 10 + m.levels - p.level,
    );
  want(goal, 0);
  const kept = [...need].sort((a, b) => a[1] - b[1] || a[0] - b[0]).slice(0, most);
  return kept.map(([i]) => m.nodes[i]).sort((a, b) => a.rank - b.rank);
}

/** @param {any} m @param {number} w */
function drawList(m, w) {
  const nodes = choose(m, Math.max(3, Math.floor((w - 8) / 37) - 2));
  const levels = Math.min(m.levels, MOST_LEVELS);
  const step = (w - 8) / (nodes.length + 2);
  const cw = Math.min(26, step - 10);
  const bottom = TOP + levels * LEVEL - (LEVEL - CELL);
  const cx = (/** @type {number} */ i) => 4 + (i + 1) * step + step / 2;
  const cy = (/** @type {number} */ level) => TOP + (levels - 1 - level) * LEVEL + CELL / 2;
  const svg = s("svg", {
    width: w,
    height: bottom + 60,
    role: "group",
    "aria-label": `Skiplist of ${m.head.key}${m.focus ? ` with the search path to ${m.focus.member}` : ""}; the table has the same`,
  });
  const place = new Map(nodes.map((n, i) => [n.node, i]));
  const column = (/** @type {any} */ node) => (node === undefined || node === null ? undefined : place.get(node));
  const steps = m.focus?.path ?? [];
  const stepAt = (/** @type {any} */ node, /** @type {number} */ level) =>
    steps.find((/** @type {any} */ p) => (p.from ?? null) === (node ?? null) && p.level === level);
  const pointers = s("g", { "aria-hidden": "true" });
  svg.append(pointers);
  for (let level = levels - 1; level >= 0; level--) {
    for (let at = -1; at < nodes.length;) {
      const links = at < 0 ? m.links : nodes[at].links;
      const link = links[level];
      let to = at + 1;
      while (to < nodes.length && nodes[to].links.length <= level) to++;
      const direct =
        link &&
        (column(link.to) ?? nodes.length) === to &&
        (link.to !== undefined && link.to !== null ? place.has(link.to) : true);
      const taken = direct ? stepAt(at < 0 ? null : nodes[at].node, level) : undefined;
      const [x1, x2, y] = [cx(at) + cw / 2, cx(to) - cw / 2, cy(level)];
      const accent = Boolean(taken);
      const cls = taken?.taken ? "path" : "axis";
      pointers.append(
        line(
          x1,
          y,
          x2 - 4,
          y,
          cls,
          taken && !taken.taken
            ? { class: "far", "stroke-dasharray": "2 3" }
            : direct
              ? {}
              : { "stroke-dasharray": "6 4" },
        ),
        s("path", {
          d: `M${x2 - 5} ${y - 3}L${x2} ${y}L${x2 - 5} ${y + 3}Z`,
          fill: accent ? "var(--accent)" : "var(--edge)",
        }),
      );
      if (to < nodes.length && x2 - x1 > 12) {
        const jump = nodes[to].rank - (at < 0 ? -1 : nodes[at].rank);
        const words = fit(int(jump), x2 - x1 + 6);
        if (words && !words.endsWith("…"))
          pointers.append(text((x1 + x2) / 2 - 2, y - 5, words, `mid halo ${taken?.taken ? "acc b" : ""}`));
      }
      if (taken && !taken.taken) pointers.append(text(x1 + 6, y + 12, ">", "acc b halo"));
      at = to;
    }
  }
  const passed = new Set(
    steps.filter((/** @type {any} */ p) => p.taken).flatMap((/** @type {any} */ p) => [p.from ?? null, p.to]),
  );
  for (let i = -1; i <= nodes.length; i++) {
    const edge = i < 0 || i === nodes.length;
    const node = edge ? null : nodes[i];
    const goal = node && m.focus && node.node === m.focus.node;
    const kids = [];
    for (let level = Math.min(levels, node ? node.links.length : levels) - 1; level >= 0; level--) {
      const stop = steps.some(
        (/** @type {any} */ p) =>
          p.level === level &&
          ((i < nodes.length && (p.from ?? null) === (node?.node ?? null)) || (node && p.taken && p.to === node.node)),
      );
      kids.push(
        s("rect", {
          x: cx(i) - cw / 2,
          y: cy(level) - CELL / 2,
          width: cw,
          height: CELL,
          fill: stop ? "var(--accent-bg)" : "var(--bg)",
          class: stop ? "edge on-edge" : "edge",
        }),
      );
      if (edge) kids.push(text(cx(i), cy(level) + 4, i < 0 ? fit(`L${level + 1}`, cw + 4) : "∅", "mid"));
      else if (level === 0 && node.len > 1) kids.push(text(cx(i), cy(level) + 4, node.len, "mid t2"));
    }
    if (!node) {
      svg.append(named(i < 0 ? `head: the search starts on level ${m.levels}` : "end of the list", kids));
      continue;
    }
    const member = goal ? m.focus.member : node.members[0].member;
    const score = goal ? m.focus.score : node.score;
    const rank = goal ? m.focus.rank : node.rank;
    kids.push(
      text(cx(i), bottom + 16, fit(member, step + 2), `mid ${goal ? "b acc" : "t"}`),
      text(cx(i), bottom + 31, fit(score, step), "mid t2"),
      text(cx(i), bottom + 50, fit(int(rank), step + 4), `mid ${goal ? "b acc" : passed.has(node.node) ? "t2" : ""}`),
    );
    const names =
      node.len > 1
        ? `node of ${node.len} members from ${node.members[0].member} (rank ${int(node.rank)})`
        : `${member}, score ${score}, rank ${int(rank)}`;
    svg.append(
      named(
        `${names}, ${plural(node.links.length, "level")}, spans ${node.links.map((/** @type {any} */ l) => int(l.span)).join(" ")}`,
        kids,
      ),
    );
  }
  svg.append(
    text(cx(-1), bottom + 31, "score", "mid cap"),
    text(cx(-1), bottom + 50, "rank", "mid cap"),
    line(4, bottom + 36.5, w - 4, bottom + 36.5, "hair"),
  );
  return svg;
}

/** @param {any} m */
function listTable(m) {
  const goal = m.focus ? m.nodes.findIndex((/** @type {any} */ n) => n.node === m.focus.node) : -1;
  /** @type {(n: any) => string} */
  const visited = (n) => {
    const step = m.focus?.path.find((/** @type {any} */ p) => p.taken && p.to === n.node);
    return step ? `L${step.level + 1}, +${int(step.span)}` : "";
  };
  const many = m.node_capacity > 1;
  const rows = m.nodes.map((/** @type {any} */ n) => [
    int(n.rank),
    n.members[0].member + (n.len > 1 ? ` and ${n.len - 1} more` : ""),
    n.score,
    String(n.links.length),
    n.links.map((/** @type {any} */ l) => int(l.span)).join(" "),
    visited(n),
  ]);
  const left = m.nodes.reduce((/** @type {number} */ n, /** @type {any} */ x) => n + x.gap, m.gap);
  return h(
    "div",
    null,
    table(
      `Members of ${m.head.key}`,
      ["rank #", many ? "first member" : "member", "score #", "levels #", "spans", "visited"],
      rows,
      goal,
    ),
    left > 0 && h("p", { class: "foot" }, `${int(left)} members lie between and after these.`),
  );
}

const packed = (/** @type {any} */ m) => m.kind === "listpack" && m.head.type === "zset";

register({
  id: "sorted-set",
  title: "Sorted set",
  model: "value",
  accepts: (m) => packed(m) || m.kind === "zset_skiplist",
  meta,
  summary: (m) => (packed(m) ? packSummary(m) : listSummary(m)),
  draw: (m, w) => (packed(m) ? drawPack(m, w) : drawList(m, w)),
  table: (m) => (packed(m) ? packTable(m) : listTable(m)),
  empty: [
    "What the last command touched is drawn here. Type ",
    { line: "ZADD lb 10 ann 7 bob 12 eve" },
    " and then ",
    { line: "ZRANK lb eve" },
    ".",
  ],
});

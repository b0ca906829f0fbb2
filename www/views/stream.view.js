/** A stream: its nodes, its newest entries, and for each group what was delivered, to whom, and what is still pending. */
import { h, int, s } from "../dom.js";
import { ago, expiry, fit, line, named, plural, table, text } from "./parts.js";
import { register } from "./registry.js";

const NODE = 96;
const CELL = 54;
const ROW = 22;
const GAP = 5;

/** The end of an id: what tells neighbours apart. @param {string} id */
const short = (id) => {
  const [ms, seq] = id.split("-");
  return ms.length > 4 ? `…${ms.slice(-3)}-${seq}` : id;
};

/** @param {any} m */
const total = (m) =>
  h("b", null, `${int(m.head.len)} ${m.head.len === 1 ? "entry" : "entries"} in ${plural(m.node_count, "node")}`);

/** @param {any} m */
function summary(m) {
  const f = m.focus;
  const group = m.groups.find((/** @type {any} */ g) => g.name === f.group);
  const typed = h("code", null, `${f.command} ${m.head.key}`);
  if (f.command === "XADD" && m.entries.length)
    return [
      typed,
      " writes at the end of the last node: ",
      h("b", null, m.last_id),
      ". ",
      total(m),
      `; ${m.head.why}.`,
    ];
  if (!group)
    return [
      total(m),
      `; ${m.head.why}. `,
      m.group_count > 0 && `${plural(m.group_count, "group")}, each with a place of its own.`,
    ];
  const consumer = group.consumers.find((/** @type {any} */ c) => c.name === f.consumer);
  return [
    h("code", null, `${f.command}${f.command.includes("GROUP") ? "" : ` ${m.head.key}`} … ${f.group}`),
    ": group ",
    h("b", null, group.name),
    ` has come to ${group.last_id}, `,
    h("b", null, `${int(group.pending_count)} pending`),
    group.lag !== undefined && [", ", h("b", null, `${int(group.lag)} still to come`)],
    consumer && `; ${consumer.name} holds ${int(consumer.pending)}`,
    ". ",
    total(m),
    ".",
  ];
}

/** @param {any} m @param {number} w */
function drawNodes(m, w) {
  const most = Math.max(2, Math.floor((w + 12) / (NODE + 12)));
  // The newest node is where things happen; the first one stands for the rest.
  const nodes = m.nodes.length <= most ? m.nodes : [m.nodes[0], ...m.nodes.slice(1 - most)];
  const fullest = Math.max(...nodes.map((/** @type {any} */ n) => n.bytes));
  const kids = [text(0, 10, "nodes: listpacks in a radix tree", "cap")];
  nodes.forEach((/** @type {any} */ n, /** @type {number} */ i) => {
    const x = i * (NODE + 12);
    const left = i ? n.number - nodes[i - 1].number - 1 : 0;
    const lit = m.focus.command === "XADD" && n.number === m.node_count - 1;
    if (i) kids.push(line(x - 12, 30, x, 30, "axis", { "stroke-dasharray": left ? "2 2" : null }));
    kids.push(
      named(
        `node ${int(n.number + 1)} of ${int(m.node_count)}, from ${n.first_id}: ${int(n.live)} entries${n.deleted ? `, ${int(n.deleted)} deleted` : ""}, ${int(n.bytes)} bytes; fields of its first entry: ${n.fields}${left ? `; ${plural(left, "node")} before it left out` : ""}`,
        [
          s("rect", {
            x: x + 0.5,
            y: 16.5,
            width: NODE - 1,
            height: 28,
            fill: lit ? "var(--accent-bg)" : "var(--bg)",
            class: lit ? "edge on-edge" : "edge",
          }),
          text(
            x + NODE / 2,
            29,
            fit(`${int(n.live)}${n.deleted ? `−${int(n.deleted)}` : ""} · ${int(n.bytes)} B`, NODE),
            `mid ${lit ? "t b" : "t"}`,
          ),
          s("rect", {
            class: "strip",
            x: x + 5,
            y: 36,
            width: (NODE - 10) * (n.bytes / fullest),
            height: 4,
            fill: lit ? "var(--accent)" : "var(--edge)",
          }),
          text(x + NODE / 2, 58, fit(`${left ? `+${int(left)} … ` : ""}${short(n.first_id)}`, NODE), "mid"),
        ],
      ),
    );
  });
  return kids;
}

/** @param {any} g @param {any} m @param {number} y @param {any[]} shown @param {number} skip @param {number} step */
function drawGroup(g, m, y, shown, skip, step) {
  const lit = m.focus.group === g.name;
  const facts = [
    `last ${short(g.last_id)}`,
    `${int(g.pending_count)} pending`,
    g.lag === undefined ? "lag not known" : `lag ${int(g.lag)}`,
  ];
  const kids = [
    text(0, y + 10, g.name, lit ? "acc b" : "t b"),
    text((g.name.length + 1) * 7, y + 10, facts.join(" · ")),
  ];
  const top = y + 16;
  shown.forEach((/** @type {any} */ e, /** @type {number} */ i) => {
    const at = skip + i;
    const p = g.pending.find((/** @type {any} */ x) => x.entry === at);
    const there = at < g.delivered;
    const mine = p && lit && m.focus.consumer === p.consumer;
    const what = p
      ? `pending with ${p.consumer}, delivered ${plural(p.count, "time")}, last ${ago(p.idle_ms)} ago`
      : there
        ? "behind its place and not pending"
        : "still to come";
    const words = p ? fit(`${p.consumer}${p.count > 1 ? `×${p.count}` : ""}`, step - 6) : there ? "–" : "";
    kids.push(
      named(`${e.id} in ${g.name}: ${what}`, [
        s("rect", {
          x: i * step + 0.5,
          y: top + 0.5,
          width: step - GAP,
          height: ROW - 3,
          fill: p ? "var(--accent-bg)" : there ? "var(--bg-2)" : "none",
          class: p ? "edge on-edge" : "edge",
          "stroke-dasharray": there ? null : "2 3",
        }),
        text(i * step + (step - GAP) / 2, top + 14, words, `mid ${mine ? "acc b" : p ? "t" : ""}`),
      ]),
    );
  });
  // How far the group has come.
  const come = g.delivered - skip;
  if (come >= 0 && come <= shown.length && shown.length)
    kids.push(line(come * step - GAP / 2, top - 4, come * step - GAP / 2, top + ROW + 2, "path"));
  const consumers = g.consumers.map((/** @type {any} */ c) => `${c.name} ${int(c.pending)}`).join(" · ");
  const older = g.pending.filter((/** @type {any} */ p) => p.entry === undefined || p.entry < skip).length;
  kids.push(
    text(
      0,
      top + ROW + 14,
      fit(
        `${consumers ? `held by ${consumers}` : "no consumers yet"}${older ? ` · ${older} pending older than shown` : ""}`,
        shown.length * step + 200,
      ),
      "cap",
    ),
  );
  return kids;
}

/** @param {any} m @param {number} w */
function draw(m, w) {
  const most = Math.max(3, Math.floor((w + GAP) / CELL));
  const skip = Math.max(0, m.entries.length - most);
  const shown = m.entries.slice(skip);
  const step = CELL;
  let y = 0;
  const svg = s("svg", { width: w, role: "group", "aria-label": `Stream ${m.head.key}; the table has the same` });
  if (shown.length) {
    const older = m.head.len - shown.length;
    svg.append(text(0, y + 10, `entries${older > 0 ? `, ${int(older)} older not shown` : ""}`, "cap"));
    shown.forEach((/** @type {any} */ e, /** @type {number} */ i) => {
      const lit = m.focus.command === "XADD" && e.id === m.last_id;
      svg.append(
        named(`${e.id}: ${e.text}`, [
          s("rect", {
            x: i * step + 0.5,
            y: y + 16.5,
            width: step - GAP,
            height: ROW - 2,
            fill: lit ? "var(--accent-bg)" : "var(--bg)",
            class: lit ? "edge on-edge" : "edge",
          }),
          text(i * step + (step - GAP) / 2, y + 30, fit(short(e.id), step - 4), `mid ${lit ? "t b" : "t"}`),
        ]),
      );
    });
    y += 52;
  }
  // The one in question first.
  const groups = [...m.groups].sort((a, b) => Number(b.name === m.focus.group) - Number(a.name === m.focus.group));
  for (const g of groups) {
    svg.append(...drawGroup(g, m, y, shown, skip, step));
    y += 66;
  }
  const left = m.group_count - m.groups.length;
  if (left > 0) {
    svg.append(text(0, y + 10, `${plural(left, "group")} not shown`, "cap"));
    y += 22;
  }
  if (m.nodes.length) svg.append(s("g", { transform: `translate(0 ${y})` }, drawNodes(m, w)));
  svg.setAttribute("height", String(y + (m.nodes.length ? 64 : 0)));
  return svg;
}

/** @param {any} m */
const rows = (m) =>
  h(
    "div",
    null,
    table(
      `Newest entries of ${m.head.key}`,
      ["id", "fields and values"],
      m.entries.map((/** @type {any} */ e) => [e.id, e.text]),
      m.focus.command === "XADD" ? m.entries.length - 1 : -1,
    ),
    table(
      `Nodes of ${m.head.key}`,
      ["node #", "from", "entries #", "deleted #", "bytes #"],
      m.nodes.map((/** @type {any} */ n) => [int(n.number + 1), n.first_id, int(n.live), int(n.deleted), int(n.bytes)]),
    ),
    m.groups.map((/** @type {any} */ g) =>
      table(
        `Group ${g.name}`,
        [`pending in ${g.name}`, "consumer", "delivered #", "last", "entry"],
        g.pending.length
          ? g.pending.map((/** @type {any} */ p) => [
              p.id,
              p.consumer,
              `${int(p.count)} ×`,
              `${ago(p.idle_ms)} ago`,
              p.exists ? "there" : "deleted",
            ])
          : [["none", "", "", "", ""]],
      ),
    ),
  );

register({
  id: "stream",
  title: "Stream",
  model: "value",
  order: 3,
  accepts: (m) => m.kind === "stream",
  meta: ({ head, added }) =>
    `${head.key} · stream · ${int(head.len)} of ${int(added)} added · ${int(head.mem_bytes)} B${expiry(head.ttl_ms)}`,
  summary,
  draw,
  table: rows,
  empty: ["Entries in order, and groups that share the work. Type ", { line: "XADD orders * item tea" }, "."],
});

/** The event loop: one command at a time; what each cost, who waits for what, and what is held up meanwhile. */
import { clock, h, int, s } from "../dom.js";
import { fit, named, plural, table, text } from "./parts.js";
import { register } from "./registry.js";

const CLIENT = 36;
const RAN = 26;
const MOST_RAN = 12;
const SQUARE = 9;
const MOST_SQUARES = 12;
/** The bars of costs: from 1 µs to 10 s, ten times as much every seventh of the way. */
const DECADES = 7;

/** @param {any} m @param {number} ms */
const at = (m, ms) => clock(ms - (m.start_ms ?? 0));

/** @param {any} c */
const who = (c) => (c.name ? `client ${c.id}, ${c.name}` : `client ${c.id}`);

/** Clients that have sent what nobody has read yet. @param {any} m */
const heldUp = (m) => m.clients.filter((/** @type {any} */ c) => c.unread_bytes > 0 && !c.command);

/** What a command cost in µs: by the server's own clock, else as the page measured it. @param {any} r */
const micros = (r) => r.usec || r.measured_us || 0;

/** @param {any} r */
function cost(r) {
  const us = micros(r);
  if (!r.usec && r.measured_us === undefined) return "";
  if (!us) return "same turn";
  if (us < 100) return "< 0.1 ms";
  return us < 100_000 ? `${(us / 1000).toFixed(1)} ms` : `${(us / 1e6).toFixed(2)} s`;
}

/** What a client is at. @param {any} m @param {any} c */
function doing(m, c) {
  const until = c.until_ms === undefined ? "for ever" : `until ${at(m, c.until_ms)}`;
  switch (c.state) {
    case "blocked":
      return `${c.command} waits for ${c.keys.join(", ")} ${until}`;
    case "paused":
      return `${c.command} waits for the end of CLIENT PAUSE`;
    case "multi":
      return `MULTI: ${plural(c.queued, "command")} queued`;
    case "listens":
      return "listens to channels";
    case "monitors":
      return "sees every command (MONITOR)";
  }
  return c.unread_bytes ? "is not read" : `idle, ${plural(c.ran, "command")} so far`;
}

/** @param {any} m */
function unread(m) {
  const held = heldUp(m);
  const count = held.reduce((/** @type {number} */ n, /** @type {any} */ c) => n + c.unread, 0);
  return held.length ? `${plural(count, "command")} of ${plural(held.length, "client")}` : "";
}

/** @param {any} m */
function summary(m) {
  const [last] = m.ran;
  const waits = m.clients.filter((/** @type {any} */ c) => c.state === "blocked");
  const held = unread(m);
  const out = [];
  if (m.busy_until_ms !== undefined) {
    const by = m.ran.find((/** @type {any} */ r) => r.usec > 0) ?? last;
    out.push(
      by && [h("code", null, by.line), ` of client ${by.client} `],
      h("b", null, `holds up everybody until ${at(m, m.busy_until_ms)}`),
      held ? [". Nobody reads ", h("b", null, held), ". "] : ". ",
    );
  } else if (m.script) {
    out.push(h("code", null, m.script), " ", h("b", null, "runs, and nobody else"));
    out.push(held ? [". Nobody reads ", h("b", null, held), ". "] : ". ");
  } else if (m.paused_until_ms !== undefined) {
    out.push(
      "CLIENT PAUSE holds up ",
      h("b", null, m.pause_all ? "every command" : "commands that write"),
      ` until ${at(m, m.paused_until_ms)}. `,
    );
  } else if (waits.length) {
    const [c] = waits;
    out.push(
      h("b", null, waits.length === 1 ? who(c) : plural(waits.length, "client")),
      waits.length === 1 ? [" waits: ", h("code", null, `${c.command} ${c.keys.join(" ")}`)] : " wait",
      ". That costs the server nothing; others are served. ",
    );
  } else out.push("One command at a time; ", h("b", null, "nobody waits"), ". ");
  const longest = m.ran.reduce((/** @type {any} */ a, /** @type {any} */ b) => (micros(b) > micros(a) ? b : a), last);
  if (longest && micros(longest) >= 100)
    out.push(
      `Of the last ${plural(m.ran.length, "command")} `,
      h("code", null, longest.line),
      ` took longest: ${cost(longest)}. `,
    );
  if (m.slow && m.slow_us !== undefined)
    out.push(`${plural(m.slow, "command")} of ${slowFrom(m)} or more in `, h("code", null, "SLOWLOG"), ". ");
  return out;
}

/** @param {any} m */
const slowFrom = (m) => (m.slow_us < 1000 ? `${int(m.slow_us)} µs` : `${int(m.slow_us / 1000)} ms`);

/** @param {any} m @param {number} w */
function drawThread(m, w) {
  const busy =
    m.busy_until_ms === undefined ? m.script && "busy with a script" : `busy until ${at(m, m.busy_until_ms)}`;
  const words = busy || "the thread is free: it takes the next command";
  const fill = busy ? "var(--alarm-bg)" : "var(--accent-bg)";
  return [
    named(words, [
      s("rect", { x: 0.5, y: 0.5, width: w - 1, height: 21, fill, class: busy ? "edge gone" : "edge" }),
      text(w / 2, 15, fit(words, w - 8), "mid t"),
    ]),
  ];
}

/** @param {any} m @param {any} c @param {number} y @param {number} w */
function drawClient(m, c, y, w) {
  const squares = Math.min(c.unread || (c.unread_bytes ? 1 : 0), MOST_SQUARES);
  const held = c.unread_bytes > 0;
  const more = c.unread > squares ? ` +${int(c.unread - squares)}` : "";
  const mine = c.own ? " (this one)" : "";
  const lit = c.state !== "idle";
  const kids = [
    s("rect", {
      x: 0.5,
      y: y + 0.5,
      width: w - 1,
      height: CLIENT - 6,
      fill: lit ? "var(--bg-2)" : "var(--bg)",
      class: held && !c.command ? "edge gone" : "edge",
      "stroke-dasharray": c.command ? "3 3" : null,
    }),
    text(6, y + 13, fit(`${who(c)}${mine}`, w - 90), c.own ? "t b" : "t"),
    text(6, y + 26, fit(doing(m, c), w * 1.1), "cap"),
  ];
  for (let i = 0; i < squares; i++)
    kids.push(
      s("rect", {
        class: "strip",
        x: w - 8 - (squares - i) * (SQUARE + 2) - more.length * 6.7,
        y: y + 5,
        width: SQUARE,
        height: SQUARE,
        fill: "var(--alarm)",
      }),
    );
  if (more) kids.push(text(w - 6, y + 13, more, "end"));
  const words = held ? `, ${plural(c.unread, "whole command")} unread, ${int(c.unread_bytes)} B` : "";
  return named(`${who(c)}${mine}: ${doing(m, c)}${words}`, kids);
}

/** @param {any} m @param {any} r @param {number} y @param {number} w */
function drawRan(m, r, y, w) {
  const us = micros(r);
  const slow = m.slow_us !== undefined && r.usec >= m.slow_us && r.usec > 0;
  const bar = us ? Math.min(w, (w * Math.max(0.05, Math.log10(us))) / DECADES) : 0;
  const took = cost(r);
  const room = w - 30 - (took.length + 1) * 6.7;
  return named(
    `${at(m, r.at_ms)}, client ${r.client}: ${r.line}${r.failed ? ", an error" : ""}, ${took || "not measured"}`,
    [
      s("rect", { class: "strip", x: 0, y, width: w, height: RAN - 4, fill: "transparent" }),
      text(0, y + 13, String(r.client), r.failed ? "" : "acc b"),
      text(30, y + 13, fit(r.line, room), "t"),
      text(w, y + 13, took, slow ? "end b alm" : "end"),
      s("rect", { class: "strip", x: 0, y: y + 18, width: w, height: 2, fill: "var(--bg-3)" }),
      s("rect", {
        class: "strip",
        x: 0,
        y: y + 18,
        width: bar,
        height: 2,
        fill: slow ? "var(--alarm)" : "var(--accent)",
      }),
    ],
  );
}

/** @param {any} m @param {number} w */
function draw(m, w) {
  const svg = s("svg", { width: w, role: "group", "aria-label": "The event loop; the table has the same" });
  svg.append(...drawThread(m, w));
  let y = 32;
  for (const c of m.clients) {
    svg.append(drawClient(m, c, y, w));
    y += CLIENT;
  }
  if (m.more_clients) {
    svg.append(text(0, y + 8, `${plural(m.more_clients, "more client")}`, "cap"));
    y += 16;
  }
  const ran = m.ran.slice(0, MOST_RAN);
  if (ran.length) {
    svg.append(
      text(0, y + 10, fit("client and command, the last first; a bar grows as costs grow tenfold", w * 1.15), "cap"),
    );
    y += 18;
    for (const r of ran) {
      svg.append(drawRan(m, r, y, w));
      y += RAN;
    }
  }
  const words = `${m.hz} times a second, in between: tables that grow, keys that expire (${int(m.expired)} so far)`;
  const cut = words.length * 5.6 < w ? words.length : words.lastIndexOf(" ", w / 5.6);
  svg.append(text(0, y + 12, words.slice(0, cut), "cap"), text(0, y + 26, words.slice(cut + 1), "cap"));
  svg.setAttribute("height", String(y + (cut < words.length ? 32 : 18)));
  return svg;
}

/** @param {any} m */
const rows = (m) =>
  h(
    "div",
    { class: "stack" },
    table(
      "Clients",
      ["client", "at", "unread #", "ran #"],
      m.clients.map((/** @type {any} */ c) => [who(c), doing(m, c), String(c.unread), int(c.ran)]),
      m.clients.findIndex((/** @type {any} */ c) => c.own),
    ),
    table(
      "Commands that ran, the last first",
      ["time", "client #", "command", "cost #"],
      m.ran.map((/** @type {any} */ r) => [at(m, r.at_ms), String(r.client), r.line, cost(r)]),
    ),
  );

register({
  id: "event-loop",
  title: "Event loop",
  model: "loop",
  accepts: (m) => m.kind === "loop",
  meta: (m) => {
    const waits = m.clients.filter((/** @type {any} */ c) => c.command).length;
    const held = unread(m);
    const now = m.busy_until_ms === undefined && !m.script ? (waits ? plural(waits, "waits", "wait") : "free") : "busy";
    return [plural(m.clients.length + m.more_clients, "client"), now, held && `${held} held up`]
      .filter(Boolean)
      .join(" · ");
  },
  summary,
  draw,
  table: rows,
  empty: ["One command at a time. Type ", { line: "CLIENT LIST" }, "."],
});

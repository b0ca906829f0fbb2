/** The script: its lines with the one it stands at, what each called, what came back and what it cost; line by line if wished. */
import { h, int } from "../dom.js";
import { plural, table } from "./parts.js";
import { register } from "./registry.js";

/** @param {any} m */
const shortName = (m) => (m.function ? m.name : `${m.name.slice(0, 8)}…`);

/** Calls of a line: how many, and what they cost. @param {any} m @param {number} line */
function callsOf(m, line) {
  const calls = m.calls.filter((/** @type {any} */ c) => c.line === line);
  const us = calls.reduce((/** @type {number} */ n, /** @type {any} */ c) => n + c.cost_us, 0);
  return calls.length ? `${plural(calls.length, "call")}, ${int(us)} µs` : "";
}

/** @param {any} m */
function summary(m) {
  const called = m.calls.length + m.calls_before;
  const cost = [h("b", null, `${int(m.cost_us)} µs`), ` and ${plural(called, "call")}`];
  const waiting = m.waiting.length
    ? [
        " ",
        h("b", null, plural(m.waiting.length, "client waits", "clients wait")),
        m.busy ? " or is refused with BUSY." : " meanwhile.",
      ]
    : m.busy
      ? " Others are refused with BUSY."
      : "";
  if (m.stage === "runs" && m.held)
    return [
      m.line ? ["It stands at ", h("b", null, `line ${m.line}`)] : "It has not begun",
      "; so far ",
      cost,
      ". Nobody else is served.",
      waiting,
    ];
  if (m.stage === "runs")
    return ["Client ", String(m.client), " runs it: line ", h("b", null, String(m.line)), ", ", cost, ".", waiting];
  const end = m.stage === "failed" ? ["It ended with an error at ", h("b", null, `line ${m.line}`)] : "It is through";
  const told = m.propagated.length
    ? ` The log and the replicas are told ${plural(m.propagated.length, "command")}, not the script.`
    : " It has changed nothing.";
  return [end, ": ", cost, ", as one step.", told];
}

/** Buttons: hold, step, go on, end. @param {any} m @param {any} act */
function controls(m, act) {
  const runs = m?.stage === "runs";
  const button = (/** @type {string} */ words, /** @type {() => void} */ onclick, /** @type {boolean} */ off = false) =>
    h("button", { class: "btn", type: "button", disabled: off, onclick }, words);
  const held = Boolean(act.held || m?.held);
  return h(
    "div",
    { class: "row", role: "group", "aria-label": "How scripts run" },
    h(
      "button",
      { class: "btn", type: "button", "aria-pressed": String(held), onclick: () => act.hold(!held) },
      held && runs ? "Run on" : "Stop before scripts",
    ),
    held && button("Next line", () => act.step(0), !runs),
    runs && button("SCRIPT KILL", () => act.kill()),
  );
}

/** @param {any} m @param {number} _w @param {any} act */
function draw(m, _w, act) {
  const stops = m.stage === "runs" && m.held;
  const lines = m.lines.map((/** @type {string} */ source, /** @type {number} */ i) => {
    const n = i + 1;
    const on = n === m.line;
    const calls = callsOf(m, n);
    const name = [
      `line ${n}: ${source.trim() || "empty"}`,
      calls,
      on && "it stands here",
      stops && "Enter runs to here",
    ];
    return h(
      "button",
      {
        class: on ? "ln on" : "ln",
        type: "button",
        "data-name": name.filter(Boolean).join("; "),
        "aria-current": on ? "step" : null,
        tabindex: "-1",
        onclick: () => stops && act.step(n),
      },
      h("span", { class: "n" }, String(n)),
      h("span", { class: "src" }, source || "\u00a0"),
      h("span", { class: "c" }, calls),
    );
  });
  return h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "source", role: "group", "aria-label": "The script, line by line" },
      lines,
      m.more_lines > 0 && h("p", { class: "foot" }, `${plural(m.more_lines, "more line")}.`),
    ),
    tables(m),
  );
}

/** @param {any} m */
const tables = (m) => [
  m.calls.length > 0 &&
    table(
      m.calls_before ? `The last ${m.calls.length} of its calls` : "What it called",
      ["line #", "command", "reply", "µs #"],
      m.calls.map((/** @type {any} */ c) => [String(c.line), c.command, c.reply, int(c.cost_us)]),
      m.calls.length - 1,
    ),
  m.propagated.length > 0 &&
    table(
      "What the log and the replicas are told",
      ["propagated"],
      m.propagated.map((/** @type {string} */ line) => [line]),
    ),
];

/** @param {any} m */
const rows = (m) =>
  h(
    "div",
    { class: "stack" },
    table(
      "The script",
      ["line #", "source", "calls"],
      m.lines.map((/** @type {string} */ source, /** @type {number} */ i) => [
        String(i + 1),
        source,
        callsOf(m, i + 1),
      ]),
      m.line - 1,
    ),
    tables(m),
  );

register({
  id: "script",
  title: "Script",
  model: "script",
  accepts: (m) => m.kind === "script",
  meta: (m) =>
    [shortName(m), `client ${m.client}`, m.stage === "runs" && m.held ? "held" : m.stage, `${int(m.cost_us)} µs`].join(
      " · ",
    ),
  summary,
  controls,
  draw,
  table: rows,
  empty: [
    "The last script is shown here, with what it called. Type ",
    { line: "EVAL \"return redis.call('INCR', KEYS[1])\" 1 visits" },
    ".",
  ],
});

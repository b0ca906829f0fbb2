/** The disk: each file as the bytes that are safe, those on their way, and those that only the page cache has. */
import { h, int, s, size } from "../dom.js";
import { fit, named, plural, table, text } from "./parts.js";
import { register } from "./registry.js";

const ROW = 44;
const BAR = 14;

/** @typedef {{name: string, bytes: number, platter: number, in_flight: number}} File */

/** Bytes that a power cut would take now. @param {File} f */
const unsafe = (f) => Math.max(0, f.bytes - f.platter);
/** Of those, the ones that the device is writing. @param {File} f */
const flying = (f) => Math.max(0, Math.min(f.in_flight, f.bytes) - f.platter);

/** @param {{files: File[]}} m */
const lost = (m) => m.files.reduce((sum, f) => sum + unsafe(f), 0);

/** @param {File} f */
const where = (f) =>
  unsafe(f)
    ? `${int(f.bytes)} B, of which ${int(f.platter)} are on the platter${flying(f) ? `, ${int(flying(f))} on their way` : ""} and ${int(unsafe(f) - flying(f))} in the page cache only`
    : `${int(f.bytes)} B, all on the platter`;

/** @param {{files: File[], policy: string | null, down: boolean}} m */
function summary(m) {
  const down = m.down ? "The server does not run; it will start from these files. " : "";
  const kept = lost(m)
    ? ["A power cut now loses ", h("b", null, size(lost(m))), " that only the page cache has. "]
    : ["Everything that was written is on the platter: a power cut loses nothing of it. "];
  const policy = m.policy === "off" ? "appendonly no" : `appendfsync ${m.policy}`;
  return [down, kept, m.policy && [h("code", null, policy), "."]];
}

/** @param {{files: File[]}} m @param {number} w */
function draw(m, w) {
  const most = Math.max(1, ...m.files.map((f) => f.bytes));
  const svg = s("svg", {
    width: w,
    height: m.files.length * ROW + 18,
    role: "group",
    "aria-label": "Files and where their bytes are; the table has the same",
  });
  m.files.forEach((f, i) => {
    const y = i * ROW;
    const px = (/** @type {number} */ bytes) => ((w - 2) * bytes) / most;
    const [safe, coming] = [px(f.platter), px(flying(f))];
    svg.append(
      text(0, y + 12, fit(f.name, w - 60), "cap"),
      named(`${f.name}: ${where(f)}`, [
        s("rect", { x: 0.5, y: y + 18.5, width: Math.max(2, px(f.bytes)), height: BAR, class: "edge", fill: "none" }),
        s("rect", { x: 1, y: y + 19, width: safe, height: BAR - 1, class: "strip", fill: "var(--accent)" }),
        s("rect", { x: 1 + safe, y: y + 19, width: coming, height: BAR - 1, fill: "var(--accent)", opacity: 0.4 }),
        // As far as the last fsync has come.
        unsafe(f) > 0 &&
          s("line", { x1: 1 + safe, x2: 1 + safe, y1: y + 15, y2: y + 36, stroke: "var(--alarm)", "stroke-width": 2 }),
      ]),
    );
  });
  const y = m.files.length * ROW + 12;
  svg.append(text(0, y, fit("filled: platter · pale: on its way · empty: page cache · line: fsync", w), "cap"));
  return svg;
}

register({
  id: "disk",
  title: "Disk",
  model: "disk",
  accepts: (m) => Array.isArray(m.files),
  meta: (m) => `${plural(m.files.length, "file")} · ${lost(m) ? `${size(lost(m))} at risk` : "all safe"}`,
  summary,
  draw,
  table: (m) =>
    table(
      "Files and where their bytes are",
      ["file", "bytes #", "platter #", "on the way #", "page cache only #"],
      m.files.map((/** @type {File} */ f) => [
        f.name,
        int(f.bytes),
        int(f.platter),
        int(flying(f)),
        int(unsafe(f) - flying(f)),
      ]),
    ),
  tools: [":crash", ":crash 20", ":disk slow", ":disk full", ":disk well"],
  empty: ["This server has written no file: what it holds is in memory only."],
});

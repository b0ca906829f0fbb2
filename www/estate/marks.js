/**
 * What machines are told apart by: a letter, a colour, and for areas a pattern.
 */
import { s, size } from "../dom.js";

/** @param {string} host a machine, named as n1, n2 …; whatever else there is has no letter of its own, and P for its colour */
export const letterOf = (host) => {
  const number = /^n(\d+)$/.exec(host)?.[1];
  return number === undefined ? "P" : String.fromCharCode(64 + (((Number(number) - 1) % 8) + 1));
};

/** Paths of a pattern in a square of 8. @type {Record<string, string>} */
const PATTERNS = {
  A: "M0 0H8",
  B: "M-2 2L2 -2M0 8L8 0M6 10L10 6",
  C: "M-2 6L2 10M0 0L8 8M6 -2L10 2",
  D: "M0 4H8M4 0V8",
  E: "M4 0V8",
  F: "M0 4L4 0L8 4L4 8Z",
  G: "M2 2h1M6 6h1",
  H: "M0 0L8 8M8 0L0 8",
};

/** The patterns of the letters; `id` is a drawing's own. @param {string} id */
export const patterns = (id) =>
  s(
    "defs",
    null,
    Object.entries(PATTERNS).map(([letter, d]) =>
      s(
        "pattern",
        { id: `${id}-${letter}`, class: letter, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
        s("path", { d, class: "pat" }),
      ),
    ),
  );

/** A machine's mark for text. @param {string} host @param {boolean} [down] */
export const markClass = (host, down = false) => `node ${letterOf(host)}${down ? " down" : ""}`;

/** Virtual time in words. @param {number} us */
export const span = (us) => {
  const ms = us / 1000;
  if (ms < 1) return `${Math.round(us)} µs`;
  return ms < 1000 ? `${ms < 10 ? +ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
};

/** What one direction of a link is like. @param {import("./world.js").Link} link */
export function linkWords({ cut, latency_us, jitter_us, loss_ppm, bytes_per_s }) {
  if (cut) return "cut";
  const parts = [jitter_us ? `${span(latency_us)} to ${span(latency_us + jitter_us)}` : span(latency_us)];
  if (loss_ppm) parts.push(`${loss_ppm / 1e4}% lost`);
  if (bytes_per_s) parts.push(`${size(bytes_per_s)}/s`);
  return parts.join(", ");
}

/** Calls at most once a frame. @param {() => void} work */
export function eachFrame(work) {
  let asked = 0;
  return {
    ask: () => void (asked ||= requestAnimationFrame(() => ((asked = 0), work()))),
    cancel: () => cancelAnimationFrame(asked),
  };
}

/** Two buttons: drawing, table. @param {(table: boolean) => void} choose */
export function twinButtons(choose, h = document.createElement.bind(document)) {
  const box = h("span");
  box.className = "seg";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Shown as");
  const buttons = ["Drawing", "Table"].map((words, i) => {
    const button = h("button");
    button.setAttribute("type", "button");
    button.textContent = words;
    button.setAttribute("aria-pressed", String(i === 0));
    button.addEventListener("click", () => {
      buttons.forEach((b, j) => b.setAttribute("aria-pressed", String(j === i)));
      choose(i === 1);
    });
    return button;
  });
  box.append(...buttons);
  return box;
}

/** A colour of the tokens as a canvas understands it. @param {HTMLElement} el @param {string} name */
export function inkOf(el, name) {
  el.style.color = `var(${name})`;
  const ink = getComputedStyle(el).color;
  el.style.color = "";
  return ink;
}

/** What stands on the left when no lesson is open: a few commands to put at the prompt, and the keys. */
import { h } from "./dom.js";

const TRIES = [
  ["SET greeting hello", "A key and its value."],
  ["INCR visits", "Counting is one command, so no two clients ever lose a visit."],
  ["ZADD lb 10 ann 7 bob 12 eve", "A leaderboard: members in order of their scores."],
  ["ZRANGE lb 0 -1 REV WITHSCORES", "The whole board, best first."],
  ["OBJECT ENCODING lb", "How it lies in memory. More members change it."],
  ["HELP @sorted-set", "Every command of one kind."],
];

const KEYS = [
  [["Tab"], "completes a command or an option; else moves on"],
  [["↑", "↓"], "what you typed before"],
  [["Ctrl", "R"], "searches it"],
  [["Ctrl", "L"], "clears the screen"],
  [["Ctrl", "C"], "stops what runs"],
  [["Esc"], "leaves the prompt"],
];

/** @param {(line: string) => void} type puts a line at the prompt */
export const startPage = (type) =>
  h(
    "div",
    { class: "body start", tabindex: "0", role: "group", "aria-label": "Start" },
    h("h3", { class: "big" }, "A Redis of your own"),
    h("p", null, "The server runs in this page. What you type gets the real answer, and stays in this browser."),
    h("h3", { class: "rule" }, "Try"),
    h(
      "ul",
      { class: "tries" },
      TRIES.map(([line, words]) =>
        h("li", null, h("button", { type: "button", onclick: () => type(line) }, line, h("small", null, words))),
      ),
    ),
    h("h3", { class: "rule" }, "Keys"),
    h(
      "dl",
      { class: "shortcuts" },
      KEYS.map(([keys, words]) => [
        h(
          "dt",
          null,
          /** @type {string[]} */ (keys).flatMap((k, i) => [i ? " " : "", h("kbd", null, k)]),
        ),
        h("dd", null, words),
      ]),
    ),
  );

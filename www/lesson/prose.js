/**
 * Compiled Markdown as elements. It is a closed set of plain data: nothing in a lesson can become markup.
 *
 * @import { Block, Inline } from "virtual:lessons"
 */
import { h } from "../dom.js";

/** @param {Inline[]} list @returns {any[]} */
export const words = (list) =>
  list.map((x) => {
    if (typeof x === "string") return x;
    if (x.t === "code") return h("code", null, x.v);
    if (x.t === "a")
      return h(
        "a",
        x.href.startsWith("#") ? { href: x.href } : { href: x.href, target: "_blank", rel: "noopener" },
        words(x.c),
      );
    return h(x.t, null, words(x.c));
  });

/** @param {Block[]} list @param {(line: string) => void} type puts a line at the prompt @returns {HTMLElement[]} */
export const blocks = (list, type) =>
  list.map((b) => {
    if (b.t === "p") return h("p", null, words(b.c));
    if (b.t === "pre")
      return b.run
        ? h(
            "ul",
            { class: "tries" },
            b.v
              .split("\n")
              .map((line) =>
                h(
                  "li",
                  null,
                  h(
                    "button",
                    { type: "button", onclick: () => type(line), "aria-label": `Put at the prompt: ${line}` },
                    line,
                  ),
                ),
              ),
          )
        : h("pre", { tabindex: "0" }, h("code", null, b.v));
    return h(
      b.t,
      null,
      b.c.map((item) => h("li", null, blocks(item, type))),
    );
  });

/** The words of a block without its paragraph, for lists. @param {Block[]} list @returns {any[]} */
export const plain = (list) => list.flatMap((b, i) => (b.t === "p" ? [i ? " " : "", ...words(b.c)] : []));

/**
 * Bytes as hexadecimal digits and as letters, in rows; those of one piece can be lit up.
 *
 * @typedef {{at: number, len: number}} Span
 */
import { h } from "../dom.js";

/** Bytes of a row, and how wide a window must be for the longer one, in px. */
const PER = { narrow: 8, wide: 16 };
const WIDE_PX = 540;

export class Hex {
  #per = 0;
  #digits = "";
  /** @type {Span[]} */
  #spans = [];
  #lit = -1;
  el = h("div", { class: "hex", tabindex: "0", role: "group", "aria-label": "Bytes" });

  /** @param {number} width in px */
  fit(width) {
    const per = width >= WIDE_PX ? PER.wide : PER.narrow;
    if (per === this.#per) return;
    this.#per = per;
    this.el.style.setProperty("--per", String(per));
    this.#draw();
  }

  /** @param {string} digits two a byte @param {Span[]} spans that stand one behind the other, from the first byte on */
  show(digits, spans) {
    [this.#digits, this.#spans, this.#lit] = [digits, spans, -1];
    this.#draw();
  }

  /** Lights up one of the pieces. @param {number} piece */
  light(piece) {
    this.#lit = piece;
    for (const el of this.el.querySelectorAll("[data-piece]"))
      el.classList.toggle("on", Number(/** @type {HTMLElement} */ (el).dataset.piece) === piece);
  }

  #draw() {
    const bytes = this.#digits.match(/../g) ?? [];
    const rows = [];
    const per = this.#per || PER.narrow;
    for (let at = 0; at < bytes.length; at += per) rows.push(this.#row(bytes, at));
    this.el.replaceChildren(...rows);
    this.el.hidden = !bytes.length;
    this.light(this.#lit);
  }

  /** @param {string[]} bytes @param {number} from */
  #row(bytes, from) {
    const to = Math.min(bytes.length, from + (this.#per || PER.narrow));
    const digits = h("span", { class: "digits" });
    const letters = h("span", { class: "letters" });
    for (let at = from; at < to;) {
      const piece = this.#spans.findIndex((s) => at < s.at + s.len);
      const end = Math.min(to, piece < 0 ? to : this.#spans[piece].at + this.#spans[piece].len);
      const part = bytes.slice(at, end);
      digits.append(h("span", { "data-piece": piece }, part.join(" ")), end < to ? " " : "");
      letters.append(h("span", { "data-piece": piece }, part.map(letter).join("")));
      at = end;
    }
    return h("div", null, h("span", { class: "at" }, from.toString(16).padStart(4, "0")), digits, letters);
  }
}

/** A byte as a letter; a dot if it is none. @param {string} digits */
function letter(digits) {
  const code = parseInt(digits, 16);
  return code >= 32 && code < 127 ? String.fromCharCode(code) : "·";
}

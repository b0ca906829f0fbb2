/**
 * A window on a column of rows that may be millions: only what is seen is asked for and drawn. All rows have the same height,
 * which the style sheet says (`--row`).
 */
import { h } from "../dom.js";
import { Place } from "./place.js";

/** Rows drawn beyond what is seen, as a part of that. */
const BEYOND = 0.5;
const REST_MS = 150;

export class Rows {
  #place = new Place();
  #space = h("div", { class: "space" });
  #window = h("div", { class: "window" });
  #count = 0;
  #height = 0;
  #ask;
  #busy = false;
  #again = false;
  #rest = 0;

  /**
   * @param {string} label
   * @param {(first: number, count: number) => Promise<HTMLElement[] | null>} ask the rows from one on; null: none now
   */
  constructor(label, ask) {
    this.#ask = ask;
    this.#space.append(this.#window);
    this.el = h("div", { class: "rows", tabindex: "0", role: "group", "aria-label": label }, this.#space);
    this.el.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#resize()).observe(this.el);
  }

  /** How many rows there are. They are drawn anew. @param {number} count */
  set(count) {
    this.#count = count;
    this.#resize();
  }

  get rowHeight() {
    return this.#height || 22;
  }

  /** The first row that is seen. */
  get first() {
    return Math.floor(this.#place.top / this.rowHeight);
  }

  /** Rows that are seen. */
  get shown() {
    return Math.max(1, Math.floor(this.el.clientHeight / this.rowHeight));
  }

  /** Brings a row into sight. @param {number} row */
  show(row) {
    if (row >= this.first && row < this.first + this.shown - 1) return;
    const above = row < this.first ? 0 : this.shown - 2;
    this.el.scrollTop = this.#place.go((row - above) * this.rowHeight);
    this.#later();
  }

  #resize() {
    if (!this.el.isConnected) return;
    this.#height = parseFloat(getComputedStyle(this.#window).lineHeight) || 22;
    // The window is as high as its rows, up to what the style sheet allows it.
    this.#place.resize(this.#count * this.#height, this.el.clientHeight);
    this.#space.style.height = `${this.#place.length}px`;
    if (!this.el.clientHeight) return;
    this.#place.resize(this.#count * this.#height, this.el.clientHeight);
    this.el.scrollTop = this.#place.settle();
    this.#later();
  }

  #scrolled() {
    if (!this.el.clientHeight) return;
    this.#place.scroll(this.el.scrollTop);
    this.#later();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      const to = this.#place.settle();
      if (Math.abs(to - this.el.scrollTop) > 1) {
        this.el.scrollTop = to;
        this.#later();
      }
    }, REST_MS);
  }

  /** Asks for what is seen now, one question at a time. */
  async #later() {
    if (this.#busy) return void (this.#again = true);
    this.#busy = true;
    do {
      this.#again = false;
      const beyond = Math.ceil(this.shown * BEYOND);
      const first = Math.max(0, this.first - beyond);
      const count = Math.min(this.#count - first, this.shown + 1 + 2 * beyond);
      const rows = count > 0 ? await this.#ask(first, count).catch(() => null) : [];
      if (!rows) continue;
      this.#window.replaceChildren(...rows);
      this.#window.style.transform = `translateY(${this.#place.offset(first * this.rowHeight)}px)`;
    } while (this.#again);
    this.#busy = false;
  }
}

/**
 * The same to read: a table of so many rows at a time, with buttons for those before and behind.
 * @param {{count: number, size: number, first: number, turn: (first: number) => void, fill: (first: number, count: number) => Promise<HTMLElement | null>, what: string}} o
 */
export function pages({ count, size, first, turn, fill, what }) {
  const table = h("div");
  const words = h("span", { class: "meta", role: "status" });
  const show = async (/** @type {number} */ from) => {
    first = Math.max(0, Math.min(from, Math.max(0, count - 1)));
    first -= first % size;
    turn(first);
    const found = await fill(first, size).catch(() => null);
    if (found) table.replaceChildren(found);
    const last = Math.min(count, first + size);
    words.textContent = count ? `${what} ${first + 1} to ${last} of ${count}` : "";
    before.disabled = first === 0;
    behind.disabled = last >= count;
  };
  const button = (/** @type {string} */ text, /** @type {() => void} */ act) =>
    h("button", { class: "btn", type: "button", onclick: act }, text);
  const before = button("Earlier", () => show(first - size));
  const behind = button("Later", () => show(first + size));
  show(first);
  return h("div", { class: "pages" }, count > size && h("p", { class: "row" }, before, behind, words), table);
}

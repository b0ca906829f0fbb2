/**
 * The terminal's scroll-back. Rows are data; only those near the window are in the document, so that 100,000 lines
 * scroll as smoothly as a hundred. Rows stand in pages; a page out of sight is an empty box of the height it had.
 *
 * @typedef {(() => HTMLElement) | {cls: string, text: string}} Row a line of text, or how to draw one
 * @typedef {{box: HTMLElement, rows: Row[], shown: boolean}} Page
 */
import { h } from "../dom.js";

const ROWS_PER_PAGE = 100;
/** How far beyond the window pages are kept, in px. */
const MARGIN = 800;

export class LogView {
  /** @type {Page[]} */
  #pages = [];
  /** @type {Map<Element, Page>} */
  #byBox = new Map();
  #stick = true;
  #observer;

  /** Which moment rows that are added belong to, where time can be gone back in. @type {(() => any) | null} */
  moment = null;
  /** Whether a row of a moment is not (yet, or any more) true. @type {(moment: any) => boolean} */
  #untrue = () => false;
  /** @type {WeakMap<Row, any>} */
  #moments = new WeakMap();

  /** @param {string} label */
  constructor(label) {
    this.el = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": label, tabindex: "0" });
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), {
      root: this.el,
      rootMargin: `${MARGIN}px 0px`,
    });
    this.el.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.resize = new ResizeObserver(() => this.#stick && this.toEnd());
    this.resize.observe(this.el);
  }

  destroy() {
    this.#observer.disconnect();
    this.resize.disconnect();
  }

  /** Rows that came since the last frame move the end away; only the reader, scrolling back, leaves it. */
  #scrolled() {
    const top = this.el.scrollTop;
    if (this.#atEnd()) this.#stick = true;
    else if (top < this.#top) this.#stick = false;
    this.#top = top;
  }

  /** Where the last scroll ended. */
  #top = 0;

  #atEnd() {
    return this.el.scrollHeight - this.el.scrollTop - this.el.clientHeight < 24;
  }

  /** Scrolls to the end before the next frame; many calls cost one. */
  toEnd() {
    if (this.#ending) return;
    this.#ending = true;
    requestAnimationFrame(() => {
      this.#ending = false;
      if (this.#stick) this.el.scrollTop = this.el.scrollHeight;
    });
  }

  #ending = false;

  /** @param {Row[]} rows @param {boolean} [follow] scroll to them even if the reader has scrolled back */
  add(rows, follow = false) {
    if (this.moment) for (const row of rows) this.#moments.set(row, this.moment());
    let page = this.#pages.at(-1);
    for (let i = 0; i < rows.length;) {
      // Of a flood of rows only the last pages are drawn at once; the observer draws others when they are seen.
      if (!page || page.rows.length >= ROWS_PER_PAGE) page = this.#newPage(rows.length - i <= 2 * ROWS_PER_PAGE);
      const part = rows.slice(i, i + ROWS_PER_PAGE - page.rows.length);
      page.rows.push(...part);
      if (page.shown) page.box.append(...part.map(this.#draw));
      else this.#guess(page);
      i += part.length;
    }
    if (follow) this.#stick = true;
    if (this.#stick) this.toEnd();
  }

  /** @param {boolean} shown */
  #newPage(shown) {
    const page = this.#page([]);
    page.shown = shown;
    this.#pages.push(page);
    this.el.append(page.box);
    this.#observer.observe(page.box);
    return page;
  }

  /** @param {Row[]} rows @returns {Page} */
  #page(rows) {
    const page = { box: h("div", { class: "page" }), rows, shown: true };
    this.#byBox.set(page.box, page);
    return page;
  }

  /** Puts rows in place of one. @param {Row} old @param {Row[]} rows */
  replace(old, rows) {
    const at = this.#pages.findIndex((p) => p.rows.includes(old));
    if (at < 0) return;
    const page = this.#pages[at];
    const cut = page.rows.indexOf(old);
    const all = [...rows, ...page.rows.splice(cut).slice(1)];
    page.box.replaceChildren(...page.rows.map(this.#draw));
    const added = [];
    for (let i = 0; i < all.length; i += ROWS_PER_PAGE) {
      const next = this.#page(all.slice(i, i + ROWS_PER_PAGE));
      next.shown = false;
      this.#guess(next);
      added.push(next);
    }
    this.#stick = false;
    this.#pages.splice(at + 1, 0, ...added);
    page.box.after(...added.map((p) => p.box));
    for (const p of added) this.#observer.observe(p.box);
  }

  /** @param {Page} page */
  #guess(page) {
    page.box.style.height = `${page.rows.length * 18}px`;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #seen(entries) {
    for (const e of entries) {
      const page = this.#byBox.get(e.target);
      if (!page || page.shown === e.isIntersecting) continue;
      if (e.isIntersecting) {
        page.shown = true;
        page.box.style.height = "";
        page.box.replaceChildren(...page.rows.map(this.#draw));
      } else if (!page.box.contains(document.activeElement)) {
        page.shown = false;
        page.box.style.height = `${e.boundingClientRect.height}px`;
        page.box.replaceChildren();
      }
    }
    if (this.#stick) this.toEnd();
  }

  /** Draws one row again, if it is in sight. @param {Row} row */
  redraw(row) {
    const page = this.#pages.findLast((p) => p.rows.includes(row));
    if (page?.shown) page.box.children[page.rows.indexOf(row)]?.replaceWith(this.#draw(row));
  }

  /** The row that an element is of. @param {Element} el @returns {Row | null} */
  rowOf(el) {
    const page = this.#byBox.get(/** @type {Element} */ (el.closest(".page")));
    return page?.rows.find((_, i) => page.box.children[i]?.contains(el)) ?? null;
  }

  /** Marks a row, and no other one. @param {Row | null} row */
  light(row) {
    this.#lit?.classList.remove("pointed");
    const page = this.#pages.findLast((p) => row !== null && p.rows.includes(row));
    this.#lit = (row && page?.shown && page.box.children[page.rows.indexOf(row)]) || null;
    this.#lit?.classList.add("pointed");
  }

  /** @type {Element | null} */
  #lit = null;

  /** Scrolls to a row and marks it for a moment. @param {Row} row */
  reveal(row) {
    const page = this.#pages.find((p) => p.rows.includes(row));
    if (!page) return;
    this.#stick = false;
    if (!page.shown) {
      page.shown = true;
      page.box.style.height = "";
      page.box.replaceChildren(...page.rows.map(this.#draw));
    }
    const el = page.box.children[page.rows.indexOf(row)];
    el?.scrollIntoView({ block: "center" });
    el?.classList.add("lit");
    setTimeout(() => el?.classList.remove("lit"), 1500);
  }

  /** Greys the rows that are not true now. @param {(moment: any) => boolean} untrue */
  grey(untrue) {
    this.#untrue = untrue;
    for (const page of this.#pages)
      if (page.shown)
        page.rows.forEach((row, i) => page.box.children[i]?.classList.toggle("untrue", this.#isUntrue(row)));
  }

  /** @param {Row} row */
  #isUntrue(row) {
    const moment = this.#moments.get(row);
    return moment !== undefined && this.#untrue(moment);
  }

  /** Lets words stand behind a row; none if they are empty. @param {Row} row @param {string} words */
  tag(row, words) {
    if ((this.#tags.get(row) ?? "") === words) return;
    this.#tags.set(row, words);
    this.redraw(row);
  }

  /** What stands behind rows. @type {WeakMap<Row, string>} */
  #tags = new WeakMap();

  /** @param {Row} row */
  #draw = (row) => {
    const el = draw(row);
    const words = this.#tags.get(row);
    if (words) el.append(h("span", { class: "tag" }, words));
    if (this.#isUntrue(row)) el.classList.add("untrue");
    return el;
  };

  clear() {
    for (const p of this.#pages) this.#observer.unobserve(p.box);
    this.#pages = [];
    this.#byBox.clear();
    this.el.replaceChildren();
    this.#stick = true;
  }
}

/** What stands before the value in a line of a reply: numbers of elements and the type. */
const LEAD = /^(?:\s*\d+[)#~] )*\s*(?:\((?:integer|double|big number|nil|true|false|empty [a-z]+)\) ?)?/;

/** @param {Row} row @returns {HTMLElement} */
function draw(row) {
  if (typeof row === "function") return row();
  const lead = row.cls === "rep" ? (LEAD.exec(row.text)?.[0] ?? "") : "";
  const rest = row.text.slice(lead.length);
  return h("div", { class: row.cls }, lead && h("i", null, lead), rest || (lead ? "" : "\u00a0"));
}

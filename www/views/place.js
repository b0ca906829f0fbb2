/**
 * Where in a very long column of rows one stands, when the browser can scroll a shorter one only: Firefox ends at some 17
 * million px. A short step scrolls as far as it says; a long one, as by the scroll bar, goes to the place in proportion. What
 * is left over between the two is settled when the scrolling rests.
 */
const LONGEST_PX = 8_000_000;

export class Place {
  /** Px from the top of all rows. */
  top = 0;
  #scrolled = 0;
  #total = 0;
  #shown = 0;

  /** @param {number} total px of all rows @param {number} shown px of the window */
  resize(total, shown) {
    this.#total = total;
    this.#shown = shown;
    this.top = Math.max(0, Math.min(this.top, this.#end));
  }

  /** How far one can go. */
  get #end() {
    return Math.max(0, this.#total - this.#shown);
  }

  /** Px that the browser is told. */
  get length() {
    return Math.min(this.#total, LONGEST_PX);
  }

  /** Its own end of the way. */
  get #way() {
    return Math.max(0, this.length - this.#shown);
  }

  /** The browser has scrolled. @param {number} to */
  scroll(to) {
    const by = to - this.#scrolled;
    this.#scrolled = to;
    if (this.#total <= LONGEST_PX) this.top = to;
    else if (to <= 0) this.top = 0;
    else if (to >= this.#way) this.top = this.#end;
    else if (Math.abs(by) < 2 * this.#shown) this.top += by;
    else this.top = (to / this.#way) * this.#end;
    this.top = Math.max(0, Math.min(this.top, this.#end));
  }

  /** Where the browser should stand for this place. */
  settle() {
    this.#scrolled = this.#total <= LONGEST_PX ? this.top : (this.top / (this.#end || 1)) * this.#way;
    return this.#scrolled;
  }

  /** Goes to a place; where the browser should stand. @param {number} top */
  go(top) {
    this.top = Math.max(0, Math.min(top, this.#end));
    return this.settle();
  }

  /** How far below its own place a row at `y` px is to be drawn. @param {number} y */
  offset(y) {
    return this.#scrolled + y - this.top;
  }
}

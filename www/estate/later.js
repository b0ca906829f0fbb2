/**
 * A view whose code is loaded when it is to be seen for the first time.
 *
 * @typedef {{el: HTMLElement, draw: () => void, close: () => void}} View
 */
import { h } from "../dom.js";

export class Later {
  el = h("div", { class: "later" });
  /** @type {View | null} */
  #view = null;
  #asked = false;
  #closed = false;

  /** @param {() => Promise<View>} load */
  constructor(load) {
    this.load = load;
    // Which happens when its pane is opened, whether or not the world goes on.
    this.sight = new IntersectionObserver((seen) => seen.some((s) => s.isIntersecting) && this.#begin());
    this.sight.observe(this.el);
  }

  async #begin() {
    if (this.#asked) return;
    this.#asked = true;
    try {
      const view = await this.load();
      if (this.#closed) return view.close();
      this.#view = view;
      this.el.replaceChildren(view.el);
      view.draw();
      this.sight.disconnect();
    } catch {
      this.#asked = false;
      this.el.replaceChildren(h("p", { class: "sum" }, "This view could not be loaded. Close it and open it again."));
    }
  }

  draw() {
    this.#view?.draw();
  }

  close() {
    this.#closed = true;
    this.sight.disconnect();
    this.#view?.close();
  }
}

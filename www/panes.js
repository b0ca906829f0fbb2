/**
 * Panes: a header with a heading, facts, and buttons to close or fill; in columns, or one at a time behind tabs on a
 * narrow window.
 */
import { h, icon } from "./dom.js";

const narrow = matchMedia("(max-width: 1080px)");

/** @typedef {{id: string, el: HTMLElement, title: string, meta: HTMLElement, actions: HTMLElement, setMeta: (text: string) => void, remove: () => void, closed: boolean}} Pane */

export class Panes {
  /** @type {Pane[]} */
  list = [];
  /** The pane that is shown where only one fits. */
  current = "";

  /** @param {HTMLElement} main @param {HTMLElement} tabs @param {HTMLElement} reopen where closed panes wait */
  constructor(main, tabs, reopen) {
    this.main = main;
    this.tabs = tabs;
    this.reopen = reopen;
    this.columns = {
      left: h("div", { class: "col left" }),
      mid: h("div", { class: "col mid" }),
      right: h("div", { class: "col right" }),
    };
    main.append(this.columns.left, this.columns.mid, this.columns.right);
    narrow.addEventListener("change", () => this.#full(null));
  }

  /**
   * @param {{id: string, title: string, column: "left" | "mid" | "right", node?: string, body: HTMLElement, actions?: HTMLElement[], closed?: boolean, onclose?: () => void}} o
   * `closed`: it waits until somebody wants it; `onclose` replaces hiding: for what ends when it is closed
   * @returns {Pane}
   */
  add(o) {
    const meta = h("span", { class: "meta" });
    const max = h(
      "button",
      {
        class: "btn bare icon max",
        type: "button",
        "aria-pressed": "false",
        "aria-label": `Fill the window with ${o.title}`,
        title: "Fill the window",
        onclick: () => this.#full(el.classList.contains("isfull") ? null : pane),
      },
      icon("full"),
    );
    const shut = h(
      "button",
      {
        class: "btn bare icon shut",
        type: "button",
        "aria-label": `Close ${o.title}`,
        title: "Close",
        onclick: () => (o.onclose ? o.onclose() : this.#close(pane)),
      },
      icon("close"),
    );
    const actions = h("span", { class: "actions" }, o.actions ?? []);
    const el = h(
      "section",
      { class: "pane", "aria-labelledby": `h-${o.id}` },
      h(
        "header",
        null,
        o.node && h("b", { class: `node ${o.node}`, "aria-hidden": "true" }, o.node),
        h("h2", { id: `h-${o.id}` }, o.title),
        meta,
        actions,
        max,
        shut,
      ),
      o.body,
    );
    /** @type {Pane} */
    const pane = {
      id: o.id,
      el,
      title: o.title,
      meta,
      actions,
      closed: o.closed ?? false,
      setMeta: (text) => void (meta.textContent !== text && (meta.textContent = text)),
      remove: () => this.#remove(pane),
    };
    el.hidden = pane.closed;
    this.list.push(pane);
    this.columns[o.column].append(el);
    this.#draw();
    return pane;
  }

  /** @param {Pane} pane */
  #remove(pane) {
    this.list = this.list.filter((p) => p !== pane);
    if (pane.el.classList.contains("isfull")) this.#full(null);
    pane.el.remove();
    this.#draw();
  }

  /** @param {Pane} pane */
  #close(pane) {
    pane.closed = true;
    pane.el.hidden = true;
    if (pane.el.classList.contains("isfull")) this.#full(null);
    this.#draw();
    /** @type {HTMLElement | null} */ (this.reopen.querySelector("button"))?.focus();
  }

  /** @param {Pane | null} pane */
  #full(pane) {
    for (const p of this.list) {
      const on = p === pane;
      p.el.classList.toggle("isfull", on);
      const button = p.el.querySelector(".max");
      button?.setAttribute("aria-pressed", String(on));
      button?.replaceChildren(icon(on ? "back" : "full"));
    }
    if (pane) this.main.dataset.full = pane.id;
    else delete this.main.dataset.full;
  }

  /** Shows a pane where only one fits, and brings a closed one back. @param {string} id */
  show(id) {
    const pane = this.list.find((p) => p.id === id);
    if (!pane) return;
    pane.closed = pane.el.hidden = false;
    this.current = id;
    this.#draw();
    pane.el.scrollIntoView({ block: "nearest" });
  }

  #draw() {
    if (!this.list.some((p) => p.id === this.current)) this.current = this.list[0]?.id ?? "";
    for (const p of this.list) p.el.classList.toggle("on", p.id === this.current);
    const tab = (/** @type {Pane} */ p) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(p.id === this.current),
          "data-id": p.id,
          onclick: () => this.#tab(p.id),
        },
        p.title,
      );
    this.tabs.replaceChildren(...this.list.map(tab));
    const back = (/** @type {Pane} */ p) =>
      h(
        "button",
        { class: "btn bare", type: "button", "aria-label": `Open ${p.title} again`, onclick: () => this.show(p.id) },
        icon("add"),
        p.title,
      );
    this.reopen.replaceChildren(...this.list.filter((p) => p.closed).map(back));
  }

  /** @param {string} id */
  #tab(id) {
    this.show(id);
    /** @type {HTMLElement | null} */ (this.tabs.querySelector(`[data-id="${CSS.escape(id)}"]`))?.focus();
  }
}

/**
 * <redlab-views>: what the last command touched, laid open. One section for the key's value, one for the keys' table,
 * one for the event loop, and one for the last script as soon as there is one. Drawings are asked for only while they can be seen, and never faster than they can be drawn.
 *
 * @import { Session } from "../protocol.js"
 * @import { Actions, View } from "./registry.js"
 */
import { clock, h } from "../dom.js";
import { encodeCommand } from "../resp.js";
import { FileActions } from "./file-actions.js";
import { dropped } from "./files.js";
import { firstOf, views } from "./registry.js";

/** How often a table that rehashes is drawn again. */
const REHASH_MS = 400;
/** How often event loop and script are looked at: clients come, wait and go without a command of this page. */
const LIVE_MS = 500;
/** Models that change by themselves, and those whose sections are folded up to their headers at first. */
const LIVE = ["loop", "script", "disk", "aof", "rdb"];
const FOLDED = ["loop", "disk", "aof", "rdb"];
/** Models of files: nobody works them out while nobody looks. */
const OF_FILES = ["aof", "rdb"];

/** One pane of the host: the view that fits the model, as a drawing or as a table. */
class Section {
  /** What stands here before there is a model. @type {View} */
  #first;
  #title = h("h3");
  #meta = h("span", { class: "meta" });
  #sum = h("p", { class: "sum" });
  #draw = h("div", { class: "draw" });
  #twin = h("div", { class: "twin", hidden: true });
  #point = h("p", { class: "point", "aria-hidden": "true" });
  #tools = h("div", { class: "row" });
  #foot = h("p", { class: "foot", role: "status", hidden: true });
  #body;
  #fold = h("button", { class: "btn bare", type: "button", onclick: () => this.#folded(!this.folded) }, "Show");
  #controls = h("div", { class: "controls" });
  #drawing = h("button", { type: "button", "aria-pressed": "true", onclick: () => this.#show(false) }, "Drawing");
  #table = h("button", { type: "button", "aria-pressed": "false", onclick: () => this.#show(true) }, "Table");
  #seg = h("span", { class: "seg", role: "group", "aria-label": "How to show it" }, this.#drawing, this.#table);
  /** @type {View} */
  #view;
  /** @type {any} */
  #model = null;
  #width = 0;
  #asTable = false;
  /** Key to encoding, to tell a change. @type {Map<string, string>} */
  #encodings = new Map();

  folded = false;
  /** Its file is being gone through. */
  going = false;
  /** The last model as text, to tell whether there is anything new. */
  #seen = "";

  /**
   * @param {View} first @param {(line: string) => void} type @param {Actions} act
   * @param {number} level of the heading @param {boolean} asked whether somebody wants to see this one: else the event loop
   *   is folded up to its header at first, and a script is shown when there is one
   */
  constructor(first, type, act, level, asked) {
    this.kind = first.model;
    this.live = LIVE.includes(first.model);
    this.type = type;
    this.act = act;
    this.asked = asked;
    const folds = FOLDED.includes(first.model) && !asked;
    this.#first = this.#view = first;
    this.#body = h(
      "div",
      { class: "body", tabindex: "0", role: "group", "aria-label": `${this.#view.title}, content` },
      this.#sum,
      this.#controls,
      this.#draw,
      this.#twin,
      this.#point,
      this.#tools,
      this.#foot,
    );
    this.el = h(
      "div",
      { class: "view", role: "group", "aria-label": this.#view.title },
      h("header", null, this.#title, this.#meta, this.#seg, folds && this.#fold),
      this.#body,
    );
    this.el.classList.toggle("tall", OF_FILES.includes(first.model));
    if (folds) this.#folded(true);
    if (level !== 3) this.#title.setAttribute("aria-level", String(level));
    act.files.points.set(this.kind, (name) => (this.#point.textContent = name));
    this.#draw.addEventListener("pointerover", (e) =>
      this.#name(/** @type {Element} */ (e.target).closest("[data-name]")),
    );
    this.#draw.addEventListener("pointerleave", () => this.#name(null));
    this.#draw.addEventListener("focusin", (e) => this.#name(/** @type {Element} */ (e.target).closest("[data-name]")));
    this.#draw.addEventListener("keydown", (e) => this.#key(e));
    new ResizeObserver(() => this.#redraw()).observe(this.el);
    this.update(null, 0);
  }

  /** @param {Element | null} at */
  #name(at) {
    this.#point.textContent = at?.getAttribute("data-name") ?? "";
  }

  /** One stop for Tab, arrows from part to part. @param {KeyboardEvent} e */
  #key(e) {
    const parts = /** @type {SVGElement[]} */ ([...this.#draw.querySelectorAll("[data-name]")]);
    const at = parts.indexOf(/** @type {any} */ (e.target));
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -at, End: parts.length - 1 - at }[
      e.key
    ];
    if (by === undefined || at < 0) return;
    e.preventDefault();
    const next = parts[Math.max(0, Math.min(parts.length - 1, at + by))];
    parts[at].setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }

  /** The button in use stays the one in use. @param {HTMLElement | undefined} controls */
  #drawControls(controls) {
    const root = /** @type {Document | ShadowRoot} */ (this.#controls.getRootNode());
    const at = [...this.#controls.querySelectorAll("button")].indexOf(/** @type {any} */ (root.activeElement));
    this.#controls.replaceChildren(...(controls ? [controls] : []));
    const all = this.#controls.querySelectorAll("button");
    if (at >= 0) all[Math.min(at, all.length - 1)]?.focus({ preventScroll: true });
  }

  /** Folds it up, or shows it. @param {boolean} folded */
  fold(folded) {
    if (this.#fold.isConnected && this.folded !== folded) this.#folded(folded);
  }

  /** @param {boolean} folded */
  #folded(folded) {
    this.folded = this.#body.hidden = folded;
    this.el.classList.toggle("folded", folded);
    this.#seg.hidden = folded || !this.#model;
    this.#fold.textContent = folded ? "Show" : "Fold";
    this.#fold.setAttribute("aria-expanded", String(!folded));
    this.#fold.setAttribute("aria-label", `${folded ? "Show" : "Fold"} ${this.#view.title}`);
    this.#width = 0;
    this.#redraw();
    if (!folded && OF_FILES.includes(this.kind)) this.act.files.refresh();
  }

  /** @param {boolean} asTable */
  #show(asTable) {
    this.#asTable = asTable;
    this.#drawing.setAttribute("aria-pressed", String(!asTable));
    this.#table.setAttribute("aria-pressed", String(asTable));
    this.#width = 0;
    this.#redraw();
  }

  /** @param {any} model @param {number} at_ms time since the start, for what changed */
  update(model, at_ms) {
    this.el.hidden = this.kind === "script" && !model && !this.asked;
    if (this.live) {
      // Looked at again and again: what has not changed is left alone.
      const seen = JSON.stringify({
        ...model,
        now_ms: 0,
        held_by: this.act.held,
        about: this.act.files.stateOf(this.kind),
      });
      if (seen === this.#seen) return;
      this.#seen = seen;
    }
    this.#model = model;
    const view = model ? views.find((v) => v.model === this.kind && v.accepts(model)) : this.#first;
    if (!view) return;
    this.#view = view;
    this.#title.textContent = view.title;
    this.el.setAttribute("aria-label", view.title);
    this.#body.setAttribute("aria-label", `${view.title}, content`);
    this.#meta.textContent = model ? view.meta(model) : "";
    this.#seg.hidden = !model || this.folded;
    this.#point.textContent = "";
    const button = (/** @type {string} */ line) =>
      h("button", { class: "try", type: "button", onclick: () => this.type(line) }, line);
    const words = model ? view.summary(model) : view.empty.map((x) => (x.line ? button(x.line) : x));
    this.#sum.replaceChildren(...h("p", null, words).childNodes);
    this.#sum.classList.toggle("quiet", !model);
    const tools = (model && !this.act.files.world()?.several && view.tools) || [];
    this.#tools.replaceChildren(...tools.map(button));
    this.#drawControls(view.controls?.(model, this.act));
    const head = model?.head;
    this.#tell(head, view.form?.(model) ?? { name: head?.encoding, why: head?.why }, at_ms);
    this.#width = 0;
    this.#redraw();
  }

  /**
   * A change of encoding is told once, and stays under the drawing of that key.
   * @param {any} head @param {{name: string, why: string}} form @param {number} at_ms
   */
  #tell(head, { name, why }, at_ms) {
    if (!head) return void (this.#foot.hidden = true);
    const before = this.#encodings.get(head.key);
    this.#encodings.set(head.key, name);
    if (before && before !== name) {
      this.#foot.replaceChildren(h("span", { class: "num" }, clock(at_ms)), ` ${before} → ${name}: ${why}`);
      this.#foot.dataset.key = head.key;
    }
    this.#foot.hidden = this.#foot.dataset.key !== head.key;
  }

  #redraw() {
    const width = Math.floor(this.#sum.clientWidth);
    if (width === this.#width || width === 0) return;
    this.#width = width;
    this.#draw.hidden = this.#asTable || !this.#model;
    this.#twin.hidden = !this.#asTable || !this.#model;
    if (!this.#model) return;
    if (this.#asTable) return this.#twin.replaceChildren(this.#view.table(this.#model, this.act));
    const parts = () => /** @type {SVGElement[]} */ ([...this.#draw.querySelectorAll("[data-name]")]);
    const root = /** @type {Document | ShadowRoot} */ (this.#draw.getRootNode());
    const at = parts().indexOf(/** @type {any} */ (root.activeElement));
    const drawn = this.#view.draw(this.#model, Math.max(240, width), this.act);
    // One that keeps its element keeps its place in it as well.
    if (drawn !== this.#draw.firstElementChild) this.#draw.replaceChildren(drawn);
    const all = parts();
    const stop = all[Math.max(0, Math.min(at, all.length - 1))];
    stop?.setAttribute("tabindex", "0");
    if (at >= 0) stop?.focus({ preventScroll: true });
  }
}

export class RedlabViews extends HTMLElement {
  /** Level of its headings: what stands around it decides. */
  level = 3;
  /** @type {Section[]} */
  #sections = [];
  /** The views that the sections were made with. */
  #shown = "";
  /** @type {Session | null} */
  #session = null;
  #startMs = 0;
  /** The last command that touched a key; it is asked about again after those that touch none. @type {Uint8Array[]} */
  #argv = [];
  #busy = false;
  #again = false;
  #nowMs = 0;
  #later = 0;
  #watching = 0;

  /**
   * @param {{session: Session, world: any, type: (line: string) => void, views?: string[]}} context `views`: which to open; all
   */
  start({ session, world, type, views: names }) {
    const first = firstOf(names);
    const shown = first.map((v) => v.id).join(" ");
    if (this.#shown !== shown) {
      this.#shown = shown;
      const asked = Boolean(names?.length);
      this.#sections = first.map((v) => new Section(v, (line) => this.#type(line), this.#act, this.level, asked));
      this.replaceChildren(...this.#sections.map((s) => s.el));
    }
    this.#type = type;
    this.#act.files.start(world);
    if (world !== this.#world) {
      this.#world = world;
      this.#startMs = world.info.now_ms;
      this.#argv = [];
      this.#act.held = false;
    }
    this.#session = session;
    this.#watch();
    this.#ask();
  }

  /** @type {any} */
  #world = null;
  /** @type {(line: string) => void} */
  #type = () => {};

  /** @param {{args: Uint8Array[], at_ms: number, session: Session, line: string, ran: number, row: any, light: (on: boolean) => void, reveal: () => void}} detail */
  command(detail) {
    const { args, at_ms, session } = detail;
    this.#act.files.wrote(detail, at_ms - this.#startMs);
    this.#session = session;
    this.#nowMs = at_ms;
    this.#next = args;
    this.#ask();
  }

  /** @type {Uint8Array[] | null} */
  #next = null;

  /** Asks for the models of the last command; commands in between are left out. */
  async #ask() {
    if (this.#busy) return void (this.#again = true);
    this.#busy = true;
    do {
      this.#again = false;
      await this.#update().catch(() => {}); // a session that is gone shows nothing new
    } while (this.#again);
    this.#busy = false;
  }

  /** @type {Actions} */
  #act = {
    files: new FileActions(
      () => this.#session,
      () => this.#ask(),
      (kind) => this.#sections.find((s) => s.kind === kind)?.fold(false),
    ),
    held: false,
    hold: (on) => {
      this.#act.held = on;
      this.#world?.holdScripts(on).then(() => this.#ask());
    },
    step: (line) => this.#world?.stepScript(line).then(() => this.#ask()),
    kill: async () => {
      const session = await this.#world?.connect();
      // Until `busy-reply-threshold` the server reads nothing: the answer comes when it comes.
      const answered = new Promise((done) => session?.addEventListener("output", done, { once: true }));
      const { out } = await session.exec(encodeCommand(["SCRIPT", "KILL"]));
      if (!out.length) await answered;
      await session.close();
      this.#ask();
    },
  };

  /** Looks at what changes by itself from time to time, while it can be seen. */
  #watch() {
    clearInterval(this.#watching);
    const live = this.#sections.filter((s) => s.live);
    if (!live.length) return;
    this.#watching = setInterval(() => {
      if (this.#busy || !this.isConnected || document.hidden || !this.checkVisibility()) return;
      for (const section of live) this.#lookAt(section).catch(() => {}); // a session that is gone shows nothing new
    }, LIVE_MS);
  }

  /** @param {Section} section */
  async #lookAt(section) {
    const ofFiles = OF_FILES.includes(section.kind);
    if (ofFiles && section.folded) return null;
    const argv = ofFiles ? this.#act.files.argvOf(section.kind) : this.#argv;
    const model = await this.#session?.inspect(section.kind, argv);
    // A large file is gone through in slices.
    if (model?.through === false && !section.going) {
      section.going = true;
      setTimeout(() => {
        section.going = false;
        this.#lookAt(section).catch(() => {}); // a session that is gone shows nothing new
      });
    }
    if (model && section.kind === "loop") model.start_ms = this.#startMs;
    section.update(model ?? null, this.#nowMs - this.#startMs);
    return model;
  }

  /** Files that were dropped on the lab. @param {DataTransfer} data */
  async drop(data) {
    await this.#act.files.bring(await dropped(data));
  }

  disconnectedCallback() {
    if (!this.isConnected) clearInterval(this.#watching);
  }

  async #update() {
    const session = this.#session;
    if (!session) return;
    const next = this.#next;
    this.#next = null;
    if (next) {
      const value = await session.inspect("value", next);
      // A command about no key (PING, CONFIG) leaves the views where they are.
      if (value || !this.#argv.length) this.#argv = next;
    }
    clearTimeout(this.#later);
    for (const section of this.#sections) {
      const model = await this.#lookAt(section);
      // A rehash goes on by the server's own timer.
      if (typeof model?.rehashed === "number")
        this.#later = setTimeout(() => this.isConnected && this.#ask(), REHASH_MS);
    }
  }
}

customElements.define("redlab-views", RedlabViews);

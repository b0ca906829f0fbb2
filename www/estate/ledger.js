/**
 * The ledger: where each acknowledged write is, how well that keeps it, and after a fault which are gone and why. What is said
 * of a write comes from the engine (src/lab/estate/ledger.rs); here it is shown, and tied to the line that wrote it.
 *
 * @import { EstateWorld, LedgerState, Tally, Written } from "./world.js"
 * @typedef {{find: (write: Written) => (() => void) | null, mark: (lost: Written[]) => void}} Lines the lines of terminals: how
 *   to show the one that made a write, and to mark those whose writes are lost
 */
import { clock, h, int } from "../dom.js";
import { plural } from "../views/parts.js";
import { eachFrame, letterOf, markClass, widthOf } from "./marks.js";

/** How often the page asks for all of it, and how often the summary changes for who listens to it, in ms. */
const ASKED_MS = 400;
const SAID_MS = 1000;
/** Between two drawings, in ms. */
const DRAWN_MS = 100;
/** Writes that are listed, and while time runs: nobody reads more of those that come and go. */
const SHOWN = 60;
const RUNNING = 20;

/** States from best to worst, with what they mean. @type {[keyof Tally, string, string][]} */
const STATES = [
  ["safe", "safe", "no one machine's power cut loses it"],
  ["copied", "copied", "its primary would lose it, another machine has it"],
  ["risk", "at risk", "one fault loses it"],
  ["apart", "left behind", "a primary goes on without it"],
  ["gone", "gone", "no copy is left"],
  ["unknown", "unknown", "cannot be followed"],
];
const WORDS = Object.fromEntries(STATES.map(([state, words]) => [state, words]));

export class Ledger {
  #sum = h("p", { class: "sum", role: "status" });
  #bar = h("div", { class: "kept", role: "img" });
  #list = h("ol", { class: "writes" });
  #foot = h("p", { class: "foot" });
  /** @type {LedgerState | null} */
  #ledger = null;
  #lost = false;
  #asking = false;
  #askedAt = 0;
  /** What the world was like when it was asked last. */
  #asked = "";
  #timer = 0;
  #saidAt = 0;
  /** Rows by the writes that they show. @type {Map<string, {told: string, el: HTMLElement}>} */
  #rows = new Map();
  #frame = eachFrame(() => this.#draw(), DRAWN_MS);
  #width;

  /** @param {EstateWorld} world @param {Lines} lines */
  constructor(world, lines) {
    this.world = world;
    this.lines = lines;
    this.choice = this.#choice();
    this.el = h(
      "div",
      { class: "body estate-view ledger", tabindex: "0", role: "group", "aria-label": "Ledger" },
      this.#sum,
      this.#bar,
      this.#list,
      this.#foot,
    );
    this.#width = widthOf(this.el, () => this.draw());
  }

  /** Two buttons: the newest writes, the lost ones. */
  #choice() {
    const words = ["Newest", "Lost"];
    const buttons = words.map((word, i) =>
      h("button", { type: "button", "aria-pressed": String(i === 0), onclick: () => choose(i) }, word),
    );
    const choose = (/** @type {number} */ at) => {
      this.#lost = at === 1;
      buttons.forEach((b, i) => b.setAttribute("aria-pressed", String(i === at)));
      this.#drawList();
    };
    return h("span", { class: "seg", role: "group", "aria-label": "Writes shown" }, buttons);
  }

  draw() {
    this.#frame.ask();
  }

  get #tally() {
    return this.world.state.model.ledger;
  }

  #draw() {
    this.#drawSum();
    this.#drawBar();
    this.#ask();
  }

  /** Asks for all of it, if it is to be seen or something else is lost than before. */
  async #ask() {
    const { now_ms, playing, moved, future, model } = this.world.state;
    const { apart, gone } = model.ledger;
    const seen = this.#width.px > 0;
    const now = `${seen ? now_ms : ""} ${playing} ${moved} ${future} ${apart} ${gone} ${model.events === 0}`;
    if (now === this.#asked || this.#asking) return;
    const early_ms = this.#askedAt + ASKED_MS - performance.now();
    if (early_ms > 0) {
      this.#timer ||= setTimeout(() => ((this.#timer = 0), this.draw()), early_ms);
      return;
    }
    [this.#asked, this.#askedAt, this.#asking] = [now, performance.now(), true];
    try {
      this.#ledger = await this.world.ledger();
      this.lines.mark(this.#ledger.lost);
      this.#drawList();
    } catch {
      // The world has ended: what was seen last stays.
    } finally {
      this.#asking = false;
    }
  }

  #drawSum() {
    const now = performance.now();
    const words = summary(this.#tally);
    if (words === this.#sum.textContent || now - this.#saidAt < SAID_MS) {
      // The last one is told, too.
      if (words !== this.#sum.textContent) this.#timer ||= setTimeout(() => ((this.#timer = 0), this.draw()), SAID_MS);
      return;
    }
    this.#saidAt = now;
    this.#sum.textContent = words;
  }

  #drawBar() {
    const tally = this.#tally;
    const parts = STATES.filter(([state]) => tally[state]);
    this.#bar.setAttribute(
      "aria-label",
      parts.map(([state, words]) => `${words}: ${int(tally[state])}`).join(", ") || "nothing was acknowledged yet",
    );
    this.#bar.replaceChildren(
      ...parts.map(([state, words]) => {
        const part = h("span", { class: state, title: words });
        part.style.flexGrow = String(tally[state]);
        return part;
      }),
    );
  }

  #drawList() {
    if (!this.#ledger) return;
    const { newest, lost, more_lost, forgotten } = this.#ledger;
    const all = this.#lost ? lost : newest;
    const shown = all.slice(0, this.world.state.playing ? RUNNING : SHOWN);
    const before = this.#rows;
    this.#rows = new Map();
    const focus = /** @type {HTMLElement | null} */ (document.activeElement)?.closest?.("[data-write]");
    const rows = shown.map((write) => {
      const told = JSON.stringify(write) + (this.lines.find(write) !== null);
      const old = before.get(write.id);
      const el = old?.told === told ? old.el : this.#row(write);
      this.#rows.set(write.id, { told, el });
      return el;
    });
    this.#list.replaceChildren(...rows);
    const again = focus instanceof HTMLElement ? this.#rows.get(focus.dataset.write ?? "")?.el : null;
    again?.querySelector("button")?.focus({ preventScroll: true });
    const more = all.length - shown.length + (this.#lost ? more_lost : 0);
    const notes = [];
    if (!all.length) notes.push(this.#lost ? "Nothing that was acknowledged is lost." : "Nothing was written yet.");
    if (more) notes.push(`${int(more)} more.`);
    if (forgotten) notes.push(`The first ${int(forgotten)} writes are not known one by one any more.`);
    this.#foot.textContent = notes.join(" ");
  }

  /** @param {Written} write */
  #row(write) {
    const acked = write.acked_us !== undefined;
    const when = clock((write.acked_us ?? write.at_us) / 1000 - this.world.state.start_ms);
    const reveal = this.lines.find(write);
    const from = write.session === undefined ? `${write.by} on ${write.host}` : `terminal of ${write.host}`;
    const state = acked ? WORDS[write.state] : "not acknowledged";
    return h(
      "li",
      { class: acked ? write.state : "unanswered", "data-write": write.id },
      h("div", { class: "what" }, h("code", null, write.words), h("b", { class: "state" }, state)),
      h(
        "div",
        { class: "where" },
        `${when} · `,
        reveal ? h("button", { class: "pick", type: "button", onclick: () => this.lines.find(write)?.() }, from) : from,
        this.#places(write),
      ),
      acked ? h("p", { class: "sense" }, write.why) : null,
    );
  }

  /** On which machines it is, and where there. @param {Written} write */
  #places(write) {
    const { memory, cache, platter, wire } = write;
    return this.world.state.model.hosts.flatMap(({ name }) => {
      const where = [
        memory.includes(name) && "memory",
        cache.includes(name) && "page cache",
        platter.includes(name) && "platter",
        wire.includes(name) && !memory.includes(name) && "on its way",
      ].filter(Boolean);
      if (!where.length) return [];
      return h(
        "span",
        { class: "chip" },
        h("b", { class: markClass(name), "aria-hidden": "true" }, letterOf(name)),
        h("span", { class: "sr" }, `${name}: `),
        where.join(", "),
      );
    });
  }

  close() {
    this.#frame.cancel();
    this.#width.stop();
    clearTimeout(this.#timer);
  }
}

/** @param {Tally} tally */
function summary(tally) {
  if (!tally.acknowledged) return "Nothing was acknowledged yet: an OK is entered here when its client has it.";
  const parts = STATES.filter(([state]) => tally[state]).map(([state, words]) => `${int(tally[state])} ${words}`);
  const worst = STATES.findLast(([state]) => tally[state]);
  const meaning = worst && worst[0] !== "safe" ? ` ${worst[1][0].toUpperCase()}${worst[1].slice(1)}: ${worst[2]}.` : "";
  return `${plural(tally.acknowledged, "write was acknowledged", "writes were acknowledged")}: ${parts.join(", ")}.${meaning}`;
}

/**
 * The wire: every message that has travelled or travels, in the order of its arrival, and one of them taken apart. Which are
 * asked for, and what they say, comes from the engine (src/lab/estate/wire.rs): only the rows that are seen, a few times a
 * second, and of the moment where the world is.
 *
 * @import { EstateWorld, WireState, Travelled } from "./world.js"
 */
import { clock, h, int, size } from "../dom.js";
import { plural, table } from "../views/parts.js";
import { Hex } from "./hex.js";
import { eachFrame, letterOf, markClass, span } from "./marks.js";

/** How often the page asks, and how often the summary changes for who listens to it, in ms. */
const ASKED_MS = 250;
const SAID_MS = 1000;
/** Rows beyond those that are seen, before and behind. */
const BEYOND = 12;

/** @type {[string, string][]} */
const KINDS = [
  ["request", "Requests"],
  ["reply", "Replies"],
  ["error", "Errors"],
  ["replication", "Replication"],
  ["end", "Ends of connections"],
];
const COLUMNS = ["time", "took", "from, to", "conn.", "size", "what it says"];

export class Wire {
  #sum = h("p", { class: "sum", role: "status" });
  #place = h("select", { id: "wire-place", onchange: () => this.#chooses() });
  #conn = h("select", { id: "wire-conn", onchange: () => this.#chooses() });
  #kind = h("select", { id: "wire-kind", onchange: () => this.#chooses() });
  #newest = h(
    "button",
    { class: "btn", type: "button", "aria-pressed": "true", onclick: () => this.#follow() },
    "Newest",
  );
  #above = h("tr", { class: "space", "aria-hidden": "true" }, h("td"));
  #below = h("tr", { class: "space", "aria-hidden": "true" }, h("td"));
  #body = h("tbody", null, this.#above, this.#below);
  #table = h(
    "table",
    { class: "tbl" },
    h("caption", { class: "sr" }, "Messages; up and down arrows go from one to the next"),
    h(
      "thead",
      null,
      h(
        "tr",
        { "aria-rowindex": "1" },
        COLUMNS.map((words, i) => h("th", { scope: "col", class: `c${i}` }, words)),
      ),
    ),
    this.#body,
  );
  #rows = h(
    "div",
    {
      class: "messages",
      onscroll: () => this.#scrolled(),
      onkeydown: (/** @type {KeyboardEvent} */ e) => this.#pressed(e),
      tabindex: "-1",
    },
    this.#table,
  );
  #empty = h("p", { class: "foot" });
  #title = h("h3");
  #facts = h("p", { class: "facts" });
  #pieces = h("div", { class: "tables" });
  #hex = new Hex();
  #detail = h("section", { class: "taken", "aria-label": "The chosen message", hidden: true, tabindex: "0" });
  /** @type {WireState | null} */
  #wire = null;
  /** The message that was chosen, by its id. */
  #chosen = "";
  #drawn = "";
  /** The last messages are shown, whatever comes. */
  #following = true;
  /** Where somebody else stands: the first row that is drawn, and how far below its beginning the window begins, in px. */
  #at = /** @type {{number: number | undefined, below: number}} */ ({ number: undefined, below: 0 });
  /** Where the window was put, so that its own scrolling is told from a hand's. */
  #put = 0;
  #byHand = false;
  #asking = false;
  #askedAt = 0;
  #asked = "";
  #timer = 0;
  #saidAt = 0;
  /** Rows by the messages that they show. @type {Map<string, {told: string, el: HTMLElement}>} */
  #known = new Map();
  #frame = eachFrame(() => this.#ask());

  /** @param {EstateWorld} world */
  constructor(world) {
    this.world = world;
    const { hosts, apps, databases } = world.state.model;
    const places = [...hosts, ...apps, ...databases].map(({ name }) => name);
    const option = (/** @type {string} */ value, /** @type {string} */ words) => h("option", { value }, words);
    this.#place.append(
      option("", "All places"),
      ...places.map((name) => option(name, name)),
      option("clients", "clients"),
      option("terminals", "terminals"),
    );
    this.#kind.append(option("", "All kinds"), ...KINDS.map(([value, words]) => option(value, words)));
    this.#conn.append(option("", "All connections"));
    this.#detail.append(this.#title, this.#facts, this.#pieces, this.#hex.el);
    const label = (/** @type {string} */ words, /** @type {HTMLElement} */ of) =>
      h("label", { class: "sr", for: of.id }, words);
    this.el = h(
      "div",
      { class: "body estate-view wire", tabindex: "0", role: "group", "aria-label": "Wire" },
      this.#sum,
      h(
        "div",
        { class: "controls" },
        label("Place", this.#place),
        this.#place,
        label("Connection", this.#conn),
        this.#conn,
        label("Kind", this.#kind),
        this.#kind,
        this.#newest,
      ),
      this.#rows,
      this.#empty,
      this.#detail,
    );
    this.resize = new ResizeObserver(() => (this.#hex.fit(this.el.clientWidth), this.#again()));
    this.resize.observe(this.el);
  }

  draw() {
    this.#frame.ask();
  }

  /** Something else is wanted than before. */
  #again() {
    this.#asked = "";
    this.#askedAt = 0;
    this.draw();
  }

  #chooses() {
    this.#at = { number: undefined, below: 0 };
    this.#follow();
  }

  #follow() {
    this.#following = true;
    this.#newest.setAttribute("aria-pressed", "true");
    this.#again();
  }

  #stay() {
    this.#following = false;
    this.#newest.setAttribute("aria-pressed", "false");
  }

  get #rowHeight() {
    return parseFloat(getComputedStyle(this.#table).getPropertyValue("--row")) || 24;
  }

  /** Rows that are seen. */
  get #seen() {
    return Math.ceil(this.#rows.clientHeight / this.#rowHeight);
  }

  #scrolled() {
    if (Math.abs(this.#rows.scrollTop - this.#put) < 1) return;
    this.#put = this.#rows.scrollTop;
    this.#byHand = true;
    const end = this.#rows.scrollHeight - this.#rows.clientHeight - this.#put;
    if (end < this.#rowHeight) this.#follow();
    else {
      this.#stay();
      this.#again();
    }
  }

  /** What to ask for: the end, where a hand went, or where it stood before. */
  #query() {
    const rows = this.#seen + 2 * BEYOND;
    const place = this.#place.value || undefined;
    const conn = this.#conn.value ? Number(this.#conn.value) : undefined;
    const query = { place, conn, class: this.#kind.value || undefined, chosen: this.#chosen || undefined, rows };
    if (this.#following) return { ...query, end: true };
    const first = Math.max(0, Math.floor(this.#put / this.#rowHeight) - BEYOND);
    return this.#byHand || this.#at.number === undefined ? { ...query, first } : { ...query, number: this.#at.number };
  }

  /** Asks, if it is to be seen and something is another than before; one question at a time. */
  async #ask() {
    if (this.el.offsetParent === null || this.#asking) return;
    const { now_ms, moved, future, model } = this.world.state;
    const now = `${now_ms} ${moved} ${future} ${model.events}`;
    if (now === this.#asked) return;
    const early_ms = this.#askedAt + ASKED_MS - performance.now();
    if (early_ms > 0) {
      this.#timer ||= setTimeout(() => ((this.#timer = 0), this.draw()), early_ms);
      return;
    }
    [this.#asked, this.#askedAt, this.#asking] = [now, performance.now(), true];
    const query = this.#query();
    this.#byHand = false;
    try {
      this.#wire = await this.world.wire(query);
      this.#show("number" in query);
    } catch {
      // The world has ended: what was seen last stays.
    } finally {
      this.#asking = false;
    }
    if (!this.#asked) this.draw();
  }

  /** @param {boolean} anchored the window stays at the row where it began */
  #show(anchored) {
    const wire = this.#wire;
    if (!wire) return;
    this.#say(wire);
    this.#connections(wire.conns);
    this.#drawRows(wire);
    const height = this.#rowHeight;
    const before = this.#rows.scrollTop;
    if (this.#following) this.#rows.scrollTop = this.#rows.scrollHeight;
    else if (anchored) this.#rows.scrollTop = wire.first * height + this.#at.below;
    if (this.#rows.scrollTop !== before) this.#put = this.#rows.scrollTop;
    this.#at = { number: wire.rows[0]?.number, below: this.#rows.scrollTop - wire.first * height };
    this.#take(wire.chosen ?? null);
  }

  /** @param {WireState} wire */
  #say({ total, forgotten }) {
    const chosen = this.#place.value || this.#conn.value || this.#kind.value;
    const none = chosen ? "Nothing of what is known fits." : "Nothing has travelled yet.";
    const older = forgotten ? ` ${int(forgotten)} older ones are not kept.` : "";
    const words = total ? `${plural(total, "message")}${chosen ? " of those that were chosen" : ""}.${older}` : none;
    this.#empty.textContent = total || chosen ? "" : "Type a command into a terminal, or start clients.";
    this.#rows.hidden = !total;
    const now = performance.now();
    if (words === this.#sum.textContent || (this.world.state.playing && now - this.#saidAt < SAID_MS)) return;
    this.#saidAt = now;
    this.#sum.textContent = words;
  }

  /** The connections to choose from. @param {WireState["conns"]} conns */
  #connections(conns) {
    const chosen = this.#conn.value;
    const options = conns.map(({ id, from, to }) => [String(id), `${id}: ${from} → ${to}`]);
    if (chosen && !options.some(([id]) => id === chosen)) options.push([chosen, `${chosen}: nothing is known of it`]);
    const told = options.join();
    if (this.#conn.dataset.told === told || document.activeElement === this.#conn) return;
    this.#conn.dataset.told = told;
    this.#conn.replaceChildren(
      h("option", { value: "" }, "All connections"),
      ...options.map(([value, words]) => h("option", { value }, words)),
    );
    this.#conn.value = chosen;
  }

  /** @param {WireState} wire */
  #drawRows({ total, first, rows }) {
    const before = this.#known;
    const focus = /** @type {HTMLElement | null} */ (document.activeElement)?.closest?.("tr[data-id]");
    const focused = focus instanceof HTMLElement && this.#rows.contains(focus) ? focus.dataset.id : undefined;
    this.#known = new Map();
    const stop = rows.some((row) => row.id === focused)
      ? focused
      : rows.some((r) => r.id === this.#chosen)
        ? this.#chosen
        : rows.at(-1)?.id;
    const drawn = rows.map((row, i) => {
      const told = JSON.stringify(row);
      const old = before.get(row.id);
      const el = old?.told === told ? old.el : this.#row(row);
      this.#known.set(row.id, { told, el });
      el.setAttribute("aria-rowindex", String(first + i + 2));
      el.classList.toggle("lit", row.id === this.#chosen);
      const button = /** @type {HTMLElement} */ (el.querySelector("button"));
      button.tabIndex = row.id === stop ? 0 : -1;
      button.setAttribute("aria-pressed", String(row.id === this.#chosen));
      return el;
    });
    const height = this.#rowHeight;
    this.#table.setAttribute("aria-rowcount", String(total + 1));
    /** @type {HTMLElement} */ (this.#above.firstChild).style.height = `${first * height}px`;
    /** @type {HTMLElement} */ (this.#below.firstChild).style.height = `${(total - first - rows.length) * height}px`;
    this.#body.replaceChildren(this.#above, ...drawn, this.#below);
    if (focused) this.#known.get(focused)?.el.querySelector("button")?.focus({ preventScroll: true });
  }

  /** @param {Travelled} row */
  #row(row) {
    const { id, from, to, sent_us, at_us, state, conn, bytes, tries, text, kind } = row;
    const start_ms = this.world.state.start_ms;
    const when = clockOf(at_us, start_ms);
    const flies = state === "under way";
    const sign = flies ? "→ " : state === "lost" ? "✕ " : "";
    const words = flies ? "under way, arrives at " : state === "lost" ? "lost at " : "";
    const again = tries ? ` sent ${tries + 1} times` : "";
    return h(
      "tr",
      {
        "data-id": id,
        class: `${row.class}${flies ? " flies" : ""}${state === "lost" ? " lost" : ""}`,
        onclick: () => this.#choose(id),
      },
      h("td", { class: "c0" }, h("span", { "aria-hidden": "true" }, sign), h("span", { class: "sr" }, words), when),
      h("td", { class: "c1" }, span(at_us - sent_us)),
      h("td", { class: "c2" }, end(from), h("span", { class: "way" }, " → "), end(to)),
      h("td", { class: "c3" }, String(conn)),
      h("td", { class: "c4" }, row.class === "end" ? "" : size(bytes)),
      h("td", { class: "c5" }, h("button", { class: "pick", type: "button" }, `${text || kind}${again}`)),
    );
  }

  /** @param {string} id */
  #choose(id) {
    this.#chosen = id;
    this.#stay();
    this.#again();
  }

  /** Arrows go from row to row. @param {KeyboardEvent} e */
  #pressed(e) {
    const row = /** @type {HTMLElement} */ (e.target).closest("tr[data-id]");
    const next = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling }[e.key];
    if (!(next instanceof HTMLElement)) return;
    e.preventDefault();
    if (!next.dataset.id) return;
    this.#stay();
    for (const button of this.#body.querySelectorAll("button")) button.tabIndex = -1;
    const button = /** @type {HTMLElement} */ (next.querySelector("button"));
    button.tabIndex = 0;
    button.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  /** Shows a message taken apart; null: it is not known at this moment. @param {WireState["chosen"] | null} chosen */
  #take(chosen) {
    const told = JSON.stringify(chosen) + (this.#chosen && !chosen ? this.#chosen : "");
    if (told === this.#drawn) return;
    this.#drawn = told;
    this.#detail.hidden = !this.#chosen;
    if (!chosen) {
      this.#facts.textContent = "At this moment it has not been sent, or it is too old to be known.";
      return;
    }
    const { row, pieces, hex } = chosen;
    this.#title.replaceChildren(end(row.from), " → ", end(row.to));
    this.#facts.textContent = this.#factsOf(row, hex.length / 2);
    const numbered = pieces.some((piece) => piece.offset !== undefined);
    const rows = pieces.map(({ at, len, kind, text, offset }, i) => [
      h(
        "button",
        {
          class: "pick",
          type: "button",
          onclick: () => this.#hex.light(i),
          onfocus: () => this.#hex.light(i),
          onpointerenter: () => this.#hex.light(i),
        },
        text || kind,
      ),
      kind,
      `${int(at)} to ${int(at + len - 1)}`,
      ...(numbered ? [offset === undefined ? "" : int(offset)] : []),
    ]);
    const columns = ["what it says", "what it is", "bytes #", ...(numbered ? ["offset #"] : [])];
    this.#pieces.replaceChildren(...(rows.length ? [table("Its parts", columns, rows)] : []));
    this.#hex.show(hex, pieces);
  }

  /** @param {Travelled} row @param {number} kept */
  #factsOf({ conn, class: kind, bytes, sent_us, at_us, state, tries }, kept) {
    const start_ms = this.world.state.start_ms;
    const arrival = { arrived: "arrived", "under way": "arrives", lost: "was given up" }[state];
    const parts = [
      `${kind} on connection ${conn}`,
      kind === "end" ? "" : size(bytes),
      `sent ${clockOf(sent_us, start_ms)}, ${arrival} ${clockOf(at_us, start_ms)}, ${span(at_us - sent_us)} later`,
      tries ? `sent ${tries + 1} times` : "",
      kept < bytes ? `its first ${size(kept)} are kept` : "",
    ];
    return `${parts.filter(Boolean).join(" · ")}.`;
  }

  close() {
    this.#frame.cancel();
    clearTimeout(this.#timer);
    this.resize.disconnect();
  }
}

/** A moment of the world's clock; what was before the page first saw it has a minus. @param {number} us @param {number} start_ms */
function clockOf(us, start_ms) {
  const ms = us / 1000 - start_ms;
  return ms < 0 ? `−${clock(-ms)}` : clock(ms);
}

/** Who is at an end. @param {string} name */
const end = (name) =>
  letterOf(name) === "P"
    ? h("span", { class: "end" }, name)
    : h(
        "span",
        { class: "end" },
        h("b", { class: markClass(name), "aria-hidden": "true" }, letterOf(name)),
        h("span", { class: "name" }, name),
      );

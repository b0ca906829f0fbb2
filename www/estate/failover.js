/**
 * Failover: a lane for each machine, time from left to right. What sentinels see, vote and do stands on theirs; on a server's,
 * when it was a primary, a replica or nothing, and which of the writes that it acknowledged are lost.
 *
 * @import { EstateWorld, Host, Said } from "./world.js"
 * @typedef {{at_ms: number, hosts: Map<string, string>}} Turn what each machine was from this moment on, if that was news
 * @typedef {{width: number, x: (ms: number) => number, from: number, until: number, end: number}} Scale
 */
import { clock, h, int, s } from "../dom.js";
import { plural, table } from "../views/parts.js";
import { Samples, stretch } from "./chart.js";
import { meaning, mark } from "./events.js";
import { eachFrame, letterOf, markClass, patterns, twinButtons } from "./marks.js";

/** Turns that are kept; the oldest go first. */
const TURNS = 2000;
const ROW = 36;
const TOP = 18;
const LEFT = 34;
/** How much of the past is shown, in s of the world's time. */
const STRETCHES = [20, 60, 300];
/** Events that are listed in words. */
const LISTED = 12;

export class Failover {
  #sum = h("p", { class: "sum", role: "status" });
  #lanes = h("div");
  #name = h("p", { class: "foot" });
  #list = h("ol", { class: "events" });
  #drawing = h("div", { class: "draw" }, this.#lanes, this.#name, this.#list);
  #tables = h("div", {
    class: "tables",
    hidden: true,
    tabindex: "0",
    role: "group",
    "aria-label": "Failover as a table",
  });
  /** @type {Samples<Turn>} */
  #turns = new Samples(TURNS);
  /** @type {Said[]} */
  #events = [];
  /** @type {{host: string, acked_us: number, words: string, why: string}[]} */
  #lost = [];
  #frame = eachFrame(() => this.#draw());
  #asking = false;
  #asked = "";
  #drawn = "";

  /** @param {EstateWorld} world */
  constructor(world) {
    this.world = world;
    this.twin = twinButtons((asTable) => {
      this.#tables.hidden = !asTable;
      this.#drawing.hidden = asTable;
      this.draw();
    });
    this.choice = h(
      "select",
      { "aria-label": "How much of the past is shown", onchange: () => this.draw() },
      STRETCHES.map((seconds) =>
        h("option", { value: String(seconds) }, seconds < 100 ? `${seconds} s` : `${seconds / 60} min`),
      ),
    );
    this.choice.value = "20";
    this.el = h(
      "div",
      { class: "body estate-view failover", tabindex: "0", role: "group", "aria-label": "Failover" },
      this.#sum,
      this.#drawing,
      this.#tables,
    );
    this.#lanes.addEventListener("pointerover", (e) => this.#point(e));
    this.#lanes.addEventListener("focusin", (e) => this.#point(e));
    this.#lanes.addEventListener("click", (e) => this.#go(e));
    this.#lanes.addEventListener("keydown", (e) => this.#walk(/** @type {KeyboardEvent} */ (e)));
    this.resize = new ResizeObserver(() => ((this.#drawn = ""), this.draw()));
    this.resize.observe(this.el);
  }

  draw() {
    this.#sample();
    this.#ask();
    this.#frame.ask();
  }

  close() {
    this.#frame.cancel();
    this.resize.disconnect();
  }

  get #hosts() {
    return this.world.state.model.hosts;
  }

  /** Notes what everybody is, if that is news. */
  #sample() {
    if (!this.#turns.isNew(this.world.state)) return;
    const last = this.#turns.all.at(-1)?.hosts;
    const hosts = new Map(this.#hosts.map((host) => [host.name, standing(host)]));
    if (!last || [...hosts].some(([name, what]) => last.get(name) !== what))
      this.#turns.add({ at_ms: this.world.state.now_ms, hosts });
  }

  /** What sentinels have said, and what is lost, is asked for when it may have changed. */
  async #ask() {
    const { state } = this.world;
    const { gone, apart } = state.model.ledger;
    const told = `${state.moved} ${state.future} ${this.#hosts.map((host) => host.sentinel?.said_us ?? 0)} ${gone} ${apart}`;
    if (this.#asking || told === this.#asked) return;
    this.#asking = true;
    try {
      this.#events = await this.world.failover();
      const ledger = gone + apart ? await this.world.ledger() : null;
      // A primary that runs has what it wrote, whatever another one would come back with.
      const goesOn = new Set(this.#hosts.filter((host) => standing(host) === "primary").map(({ name }) => name));
      this.#lost = (ledger?.lost ?? []).flatMap(({ host, acked_us, words, why, state }) =>
        acked_us === undefined || (state !== "gone" && goesOn.has(host)) ? [] : [{ host, acked_us, words, why }],
      );
      this.#asked = told;
    } catch {
      return; // the world has been closed meanwhile
    } finally {
      this.#asking = false;
    }
    this.#drawn = "";
    this.#frame.ask();
  }

  #draw() {
    const words = this.#words();
    if (this.#sum.textContent !== words) this.#sum.textContent = words;
    if (!this.#tables.hidden) return this.#drawTable();
    const seconds = Number(this.choice.value);
    const { from, until, end } = stretch(this.world.state, this.#turns.all.at(-1)?.at_ms, seconds * 1000);
    const width = this.#drawing.clientWidth;
    if (!width) return;
    const x = (/** @type {number} */ ms) => LEFT + ((ms - from) / (until - from)) * (width - LEFT - 6);
    // A pixel of time is the least that can be seen.
    const now = `${width} ${Math.round(x(this.world.state.now_ms))} ${Math.round((from / (until - from)) * width)} ${this.#turns.all.length}`;
    if (now === this.#drawn) return;
    this.#drawn = now;
    this.#drawLanes({ width, x, from, until, end });
    this.#drawList();
  }

  /** What is the case now, in a sentence. */
  #words() {
    const sentinels = this.#hosts.flatMap((host) => (host.sentinel && host.state === "up" ? [host] : []));
    if (!sentinels.length) return "No sentinel runs.";
    const groups = new Map(
      sentinels.flatMap(({ name, sentinel }) => sentinel?.groups.map((g) => [g.name, { ...g, by: name }]) ?? []),
    );
    const parts = [...groups.keys()].map((group) => this.#groupWords(group, sentinels));
    const tilted = sentinels.filter(({ sentinel }) => sentinel?.tilt).map(({ name }) => name);
    const tilt = tilted.length ? ` ${tilted.join(" and ")} does not trust its clock (TILT) and only looks on.` : "";
    return parts.join(" ") + tilt || "No sentinel watches a primary: SENTINEL MONITOR tells it to.";
  }

  /** @param {string} name @param {Host[]} sentinels */
  #groupWords(name, sentinels) {
    const views = sentinels.flatMap(({ name: by, sentinel }) => {
      const group = sentinel?.groups.find((g) => g.name === name);
      return group ? [{ by, ...group }] : [];
    });
    const primaries = [...new Set(views.map((view) => view.primary))];
    const down = views.filter((view) => view.down !== "no");
    const objectively = views.filter((view) => view.down === "objectively");
    const leads = views.find((view) => view.stage !== "none" && view.leads);
    const tries = views.filter((view) => view.stage === "wait_start").map((view) => view.by);
    const { quorum, voters } = views[0];
    const majority = Math.floor(voters / 2) + 1;
    const who =
      primaries.length === 1
        ? `${name} is ${primaries[0]}`
        : `${name} is ${primaries.join(" for some and ")} for others`;
    if (leads)
      return `${who}. ${leads.by} leads the failover of epoch ${leads.epoch}: ${STAGES[leads.stage] ?? leads.stage}.`;
    if (tries.length)
      return `${who}, and down. ${tries.join(" and ")} asks for votes: ${majority} of ${voters} are needed.`;
    if (objectively.length)
      return `${who}, objectively down: ${down.length} of ${voters} sentinels say so, the quorum is ${quorum}.`;
    if (down.length)
      return `${who}, subjectively down for ${down.map((view) => view.by).join(" and ")}; the quorum is ${quorum}.`;
    return `${who}, and answers. ${plural(views.length, "sentinel")} of ${voters} watch it; quorum ${quorum}, majority ${majority}.`;
  }

  /** @param {Scale} scale */
  #drawLanes(scale) {
    const hosts = [...this.#hosts].sort((a, b) => Number(a.kind !== "sentinel") - Number(b.kind !== "sentinel"));
    const height = TOP + hosts.length * ROW + 4;
    const now = scale.x(this.world.state.now_ms);
    const svg = s(
      "svg",
      { width: scale.width, height, role: "group", "aria-label": "A lane for each machine" },
      patterns("fail"),
      s("text", { x: LEFT, y: 11 }, clock(scale.from - this.world.state.start_ms)),
      s("text", { x: scale.width - 6, y: 11, class: "end" }, clock(scale.until - this.world.state.start_ms)),
      hosts.map((host, i) => this.#lane(host, TOP + i * ROW, scale)),
      s("line", { x1: now, x2: now, y1: TOP - 4, y2: height, class: "now" }),
    );
    const held = /** @type {HTMLElement | null} */ (this.#lanes.querySelector(":focus"))?.dataset.key;
    this.#lanes.replaceChildren(svg);
    const marks = this.#marks();
    const again = marks.find((el) => el.dataset.key === held);
    (again ?? marks.at(-1))?.setAttribute("tabindex", "0");
    again?.focus();
  }

  /** @param {Host} host @param {number} y @param {Scale} scale */
  #lane(host, y, scale) {
    const { name } = host;
    return s(
      "g",
      null,
      s("text", { x: 0, y: y + 17, class: "t b" }, name),
      this.#stretches(name).flatMap(({ what, from, until }) => {
        const a = scale.x(Math.max(scale.from, from));
        const b = scale.x(Math.min(until, scale.end));
        return b <= LEFT ? [] : [this.#stretch(name, what, a, b - a, y)];
      }),
      this.#apart(name, scale).map(({ event, row }) => this.#event(event, y + row * 9, scale)),
      this.#lost.filter((w) => w.host === name).flatMap((w) => this.#lostWrite(w, y, scale)),
    );
  }

  /** What a machine was, and how long. @param {string} name */
  #stretches(name) {
    /** @type {{what: string, from: number, until: number}[]} */
    const all = [];
    for (const { at_ms, hosts } of this.#turns.all) {
      const what = hosts.get(name) ?? "";
      const last = all.at(-1);
      if (last && last.what === what) continue;
      if (last) last.until = at_ms;
      all.push({ what, from: at_ms, until: Infinity });
    }
    return all;
  }

  /** @param {string} name @param {string} what @param {number} x @param {number} width @param {number} y */
  #stretch(name, what, x, width, y) {
    const title = s("title", null, `${name}: ${what}`);
    const letter = letterOf(name);
    if (what === "primary") {
      const box = { x, y: y + 4, width, height: 18 };
      return s("g", null, s("rect", { ...box, class: `area ${letter}`, fill: `url(#fail-${letter})` }), title);
    }
    if (what.startsWith("replica of ")) {
      const whose = letterOf(what.slice("replica of ".length));
      return s("g", null, s("rect", { x, y: y + 11, width, height: 4, class: `solid ${whose}` }), title);
    }
    if (what === "sentinel") return s("line", { x1: x, x2: x + width, y1: y + 13, y2: y + 13, class: "slot" }, title);
    return s("g", null, s("rect", { x, y: y + 4, width, height: 18, class: "dead" }), title);
  }

  /** The events of a lane that are to be seen; those that would cover each other stand above and below it. @param {string} name @param {Scale} scale */
  #apart(name, { x, from, end }) {
    let [last, nth] = [-Infinity, 0];
    const seen = this.#events.filter(({ host, at_us }) => host === name && at_us / 1000 >= from && at_us / 1000 <= end);
    return seen.map((event) => {
      const at = x(event.at_us / 1000);
      nth = at - last < 9 ? nth + 1 : 0;
      if (nth % 3 === 0) last = at;
      return { event, row: [0, -1, 1][nth % 3] };
    });
  }

  /** @param {Said} event @param {number} y @param {Scale} scale */
  #event(event, y, { x }) {
    const at_ms = event.at_us / 1000;
    const { shape, level } = mark(event.name);
    const words = `${clock(at_ms - this.world.state.start_ms)} ${event.host}: ${event.name} ${event.about}`;
    return s(
      "g",
      {
        class: `event ${level}`,
        role: "button",
        tabindex: "-1",
        "aria-label": `${words}. ${meaning(event.name)}`,
        "data-at": at_ms,
        "data-key": `${event.at_us} ${event.host} ${event.name} ${event.text}`,
        "data-name": `${words} — ${meaning(event.name)}`,
        transform: `translate(${x(at_ms).toFixed(1)} ${y + 13})`,
      },
      s("path", { d: shape }),
      s("title", null, words),
    );
  }

  /** @param {{host: string, acked_us: number, words: string, why: string}} write @param {number} y @param {Scale} scale */
  #lostWrite({ acked_us, words, why }, y, { x, from, end }) {
    const at_ms = acked_us / 1000;
    if (at_ms < from || at_ms > end) return [];
    const at = x(at_ms);
    return [s("line", { x1: at, x2: at, y1: y + 24, y2: y + 30, class: "lost" }, s("title", null, `${words}: ${why}`))];
  }

  /** @returns {HTMLElement[]} */
  #marks() {
    const marks = /** @type {HTMLElement[]} */ ([...this.#lanes.querySelectorAll(".event")]);
    return marks.sort((a, b) => Number(a.dataset.at) - Number(b.dataset.at));
  }

  /** Says what is pointed at. @param {globalThis.Event} e */
  #point(e) {
    const found = /** @type {Element} */ (e.target).closest?.("[data-name]");
    if (found) this.#name.textContent = /** @type {HTMLElement} */ (found).dataset.name ?? "";
  }

  /** Goes to the moment of an event. @param {globalThis.Event} e */
  #go(e) {
    const found = /** @type {HTMLElement | null} */ (/** @type {Element} */ (e.target).closest("[data-at]"));
    if (found) void this.world.seek(Number(found.dataset.at));
  }

  /** @param {KeyboardEvent} e */
  #walk(e) {
    const marks = this.#marks();
    const at = marks.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: marks.length - 1 }[e.key];
    if (at >= 0 && (e.key === "Enter" || e.key === " ")) {
      e.preventDefault();
      return this.#go(e);
    }
    if (at < 0 || to === undefined) return;
    e.preventDefault();
    const next = marks[Math.max(0, Math.min(marks.length - 1, to))];
    marks[at].setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }

  #drawList() {
    const newest = this.#events.slice(-LISTED).reverse();
    const lost = this.#lost.length
      ? [
          h(
            "li",
            { class: "alm" },
            `${plural(this.#lost.length, "acknowledged write")} lost: the short strokes below a lane.`,
          ),
        ]
      : [];
    const items = newest.map(({ at_us, host, name, about }) =>
      h(
        "li",
        null,
        h("span", { class: "cap" }, `${clock(at_us / 1000 - this.world.state.start_ms)} `),
        h("b", { class: markClass(host) }, host),
        ` ${name} ${about} `,
        h("small", null, meaning(name)),
      ),
    );
    this.#list.replaceChildren(
      ...lost,
      ...(items.length
        ? items
        : [h("li", null, "Nothing has happened yet. Kill the primary in the topology, and wait.")]),
    );
  }

  #drawTable() {
    const { start_ms } = this.world.state;
    const now = `${this.#events.length} ${this.#events.at(-1)?.at_us} ${this.#lost.length} ${this.#turns.all.length}`;
    if (now === this.#drawn) return;
    this.#drawn = now;
    this.#tables.replaceChildren(
      table(
        "What sentinels said, the newest first",
        ["At #", "Who", "Event", "About", "Which means"],
        [...this.#events]
          .reverse()
          .map((e) => [clock(e.at_us / 1000 - start_ms), e.host, e.name, e.about, meaning(e.name)]),
      ),
      table(
        "What machines were",
        ["From #", "Machine", "What"],
        this.#hosts.flatMap(({ name }) =>
          this.#stretches(name).map(({ what, from }) => [clock(from - start_ms), name, what]),
        ),
      ),
      table(
        "Acknowledged writes that are lost",
        ["Acknowledged at #", "By", "Write", "Why"],
        this.#lost.map((w) => [clock(w.acked_us / 1000 - start_ms), w.host, w.words, w.why]),
      ),
    );
  }
}

/** What a machine is, as its lane shows it. @param {Host} host */
function standing({ state, paused, kind, repl }) {
  if (state !== "up") return state === "off" ? "no power" : "does not run";
  if (paused) return "stands still";
  if (kind === "sentinel") return "sentinel";
  return repl?.primary ? `replica of ${repl.primary}` : "primary";
}

/** @type {Record<string, string>} */
const STAGES = {
  wait_start: "it waits for votes",
  select_slave: "it chooses a replica",
  send_slaveof_noone: "it tells the chosen replica to become a primary",
  wait_promotion: "it waits until the chosen replica says that it is a primary",
  reconf_slaves: "it tells the others to follow the new primary",
  update_config: "the new primary takes its place",
};

/**
 * The timeline of a world: play, pause, one event, speed; back and forth; another future from here.
 *
 * @import { EstateWorld, Comparison } from "./world.js"
 */
import { clock, h, int, s } from "../dom.js";
import { futureOf } from "./futures.js";
import { eachFrame, span, widthOf } from "./marks.js";

const SPEEDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
/** The shortest stretch of time that the track shows. */
const SPAN_MS = 10_000;
/** Acts that are how a world was made, and no faults. */
const MADE = ["add", "link", "links", "database"];
const HEIGHT = 22;
/** How long the world can be told to go on. */
const UNTIL_MS = [1, 10, 100, 1000, 10_000, 60_000];

export class Deck {
  #play = this.#button("Play", () => this.#asked(this.world.play(!this.world.state.playing)));
  #step = this.#button("Step", () => this.#asked(this.world.step()));
  #until = h("select", { id: "run-until", onchange: () => this.#drawUntil() });
  #key = h("input", {
    class: "key",
    size: "8",
    placeholder: "any key",
    "aria-label": "Key that is written",
    autocomplete: "off",
    spellcheck: "false",
    hidden: "",
  });
  #run = this.#button("Run", () => this.#asked(this.world.until(this.#goal())));
  #fork = this.#button("Fork", () => this.#asked(this.world.fork()));
  #clock = h("span", { class: "clock", role: "timer", "aria-label": "Time since the start" });
  #end = h("span", { class: "end" });
  #said = h("p", { class: "at", role: "status" });
  #speed = h("input", {
    type: "range",
    id: "speed",
    min: "0",
    max: String(SPEEDS.length - 1),
    step: "1",
    oninput: () => this.#asked(this.world.setSpeed(SPEEDS[Number(this.#speed.value)])),
  });
  #speedWords = h("output", { for: "speed" });
  #scrub = h("input", { type: "range", min: "0", step: "1", "aria-label": "Moment", oninput: () => this.#seek() });
  #marks = h("div", { class: "marks" });
  #futures = h("span", { class: "futures", role: "group", "aria-label": "Futures" });
  #difference = h("p", { class: "difference" });
  #el = h(
    "footer",
    { class: "time estate-time", "aria-label": "Timeline" },
    h(
      "div",
      { class: "deck" },
      h("span", { class: "buttons" }, this.#play, this.#step),
      h(
        "span",
        { class: "buttons until" },
        this.#run,
        h("label", { class: "sr", for: "run-until" }, "Until"),
        this.#until,
        this.#key,
      ),
      this.#clock,
      this.#end,
      this.#said,
      this.#futures,
      this.#fork,
      h("label", { for: "speed" }, "Speed"),
      this.#speed,
      this.#speedWords,
    ),
    this.#difference,
    h("div", { class: "track" }, this.#marks, this.#scrub),
  );
  #seeking = false;
  #compared = "";
  #comparing = false;
  #frame = eachFrame(() => this.#draw());
  #width = widthOf(this.#marks, () => this.draw());
  #been = s("line", { y1: HEIGHT - 1, y2: HEIGHT - 1, class: "been" });
  /** What the marks were drawn for. */
  #marked = "";

  /** @param {EstateWorld} world @param {HTMLElement} foot the other timeline, which it stands in for */
  constructor(world, foot) {
    this.world = world;
    this.foot = foot;
    foot.hidden = true;
    foot.after(this.#el);
    this.draw();
  }

  /** @param {string} words @param {() => void} act */
  #button(words, act) {
    return h("button", { class: "btn", type: "button", onclick: act }, words);
  }

  /** What time goes on to. Machines and clients come and go. */
  #drawUntil() {
    const { hosts, apps, databases, loads } = this.world.state.model;
    const clients = [...loads, ...apps].map(({ name }) => name);
    const writers = [["", ""], ["terminal", " of a terminal"], ...clients.map((name) => [name, ` of ${name}`])];
    const goals = [
      ...UNTIL_MS.map((ms) => [{ ms }, `for ${span(ms * 1000)}`]),
      ...[...hosts, ...apps, ...databases].map(({ name }) => [{ host: name }, `until something arrives at ${name}`]),
      ...writers.map(([by, whose]) => [{ write: { by } }, `until a write${whose} is acknowledged`]),
    ].map(([goal, words]) => [JSON.stringify(goal), String(words)]);
    const names = goals.map(([goal]) => goal).join();
    if (this.#until.dataset.names !== names) {
      const chosen = this.#until.value;
      this.#until.dataset.names = names;
      this.#until.replaceChildren(...goals.map(([value, words]) => h("option", { value }, words)));
      if (goals.some(([goal]) => goal === chosen)) this.#until.value = chosen;
    }
    this.#key.hidden = !this.#goal().write;
  }

  /** @returns {import("./world.js").Until} */
  #goal() {
    const goal = JSON.parse(this.#until.value);
    return goal.write ? { write: { ...goal.write, key: this.#key.value.trim() } } : goal;
  }

  /** @param {Promise<any>} request */
  #asked(request) {
    request.catch((e) => (this.#difference.textContent = e.message));
  }

  /** The newest wish alone counts: a hand is faster than the past can be had again. */
  async #seek() {
    if (this.#seeking) return;
    this.#seeking = true;
    for (let asked = NaN; asked !== Number(this.#scrub.value);) {
      asked = Number(this.#scrub.value);
      await this.world.seek(this.world.state.start_ms + asked).catch(() => {});
    }
    this.#seeking = false;
    this.draw();
  }

  draw() {
    this.#frame.ask();
  }

  #draw() {
    const { state } = this.world;
    const { model } = state;
    const now_ms = state.now_ms - state.start_ms;
    const furthest_ms = Math.max(now_ms, model.furthest_us / 1000 - state.start_ms);
    set(this.#play, state.playing ? "Pause" : "Play");
    this.#play.classList.toggle("main", !state.playing);
    set(this.#clock, clock(now_ms));
    set(this.#end, model.past ? `of ${clock(furthest_ms)}` : "");
    set(this.#said, this.#words());
    const speed = SPEEDS.findLastIndex((x) => x <= state.speed);
    if (document.activeElement !== this.#speed) this.#speed.value = String(speed);
    set(this.#speedWords, `${state.speed}×`);
    this.#speed.setAttribute("aria-valuetext", `${state.speed} times real time`);
    const span_ms = shownSpan(furthest_ms);
    this.#scrub.max = String(Math.ceil(span_ms));
    if (!this.#seeking) this.#scrub.value = String(Math.round(now_ms));
    this.#scrub.setAttribute(
      "aria-valuetext",
      `${(now_ms / 1000).toFixed(3)} s of ${(furthest_ms / 1000).toFixed(1)} s`,
    );
    this.#drawMarks(span_ms, furthest_ms);
    this.#drawFutures();
    this.#drawUntil();
  }

  #words() {
    const { playing, behind, model } = this.world.state;
    const events = `${int(model.events)} events`;
    if (model.past)
      return `In the past. Play shows again what came; whatever you do now begins another future. Fork keeps both.`;
    if (playing) return behind ? `${events}; as fast as this machine can` : events;
    return `${events}. Paused: nothing moves, and no reply comes.`;
  }

  /** Faults and what ended them, where they happened. @param {number} span_ms @param {number} furthest_ms */
  #drawMarks(span_ms, furthest_ms) {
    const { state } = this.world;
    const width = this.#width.px;
    if (!width) return;
    const x = (/** @type {number} */ ms) => 8 + (ms / span_ms) * (width - 16);
    this.#been.setAttribute("x1", String(x(0)));
    this.#been.setAttribute("x2", String(x(furthest_ms)));
    // The rest changes when something is done, and when the scale does.
    const { acts: all } = state.model;
    const marked = `${width} ${span_ms} ${state.future} ${all.length} ${all.at(-1)?.at_us}`;
    if (marked === this.#marked) return;
    this.#marked = marked;
    const acts = all.filter(({ what }) => !MADE.includes(what) || what === "link");
    let free = -Infinity;
    const marks = acts.flatMap(({ at_us, what, host }) => {
      const at_ms = at_us / 1000 - state.start_ms;
      if (at_ms <= 0) return [];
      const words = host ? `${what} ${host}` : what;
      const at = x(at_ms);
      const good = /^(heal|start|resume|load)/.test(what);
      const mark = s(
        "g",
        { class: good ? "good" : "fault" },
        s("title", null, `${clock(at_ms)} ${words}`),
        s("path", { d: good ? `M${at} 14v8` : `M${at - 3} 14l6 6m0 -6l-6 6` }),
      );
      // Where there is no room for words the mark stands alone.
      if (at < free || at + words.length * 6 > width) return [mark];
      free = at + words.length * 6 + 12;
      mark.append(s("text", { x: at - 3, y: 10, class: "cap" }, words));
      return [mark];
    });
    const from = state.futures[state.future];
    const fork =
      from.parent === null ? null : s("path", { class: "fork", d: `M${x(from.from_ms - state.start_ms)} 0v22` });
    const names = acts.map(
      ({ at_us, what, host = "" }) => `${what} ${host} at ${clock(at_us / 1000 - state.start_ms)}`,
    );
    this.#marks.replaceChildren(
      s(
        "svg",
        { width, height: HEIGHT, role: "img", "aria-label": `What was done: ${names.join(", ") || "nothing yet"}` },
        this.#been,
        marks,
        fork,
      ),
    );
  }

  #drawFutures() {
    const { futures, future, moved, now_ms, playing } = this.world.state;
    const kept = futures.filter((f) => f.kept || f.id === future);
    const names = kept.length < 2 ? "" : kept.map((f) => `${f.id}${f.id === future}`).join();
    if (this.#futures.dataset.names !== names) {
      this.#futures.dataset.names = names;
      this.#futures.replaceChildren(
        ...(names ? kept : []).map((f) =>
          h(
            "button",
            {
              class: "btn",
              type: "button",
              "aria-pressed": String(f.id === future),
              onclick: () => f.id !== this.world.state.future && this.#asked(this.world.change(f.id)),
            },
            `Future ${futureOf(f.id)}`,
          ),
        ),
      );
      if (!names) this.#difference.textContent = "";
    }
    // While time runs it would be old at once.
    const moment = names && !playing ? `${moved} ${future} ${now_ms}` : "";
    if (!moment || moment === this.#compared || this.#comparing) return;
    this.#compared = moment;
    this.#comparing = true;
    this.world.compare().then(
      (found) => {
        this.#comparing = false;
        set(this.#difference, found ? differs(found, futureOf(future)) : "");
      },
      () => (this.#comparing = false),
    );
  }

  close() {
    this.#frame.cancel();
    this.#width.stop();
    this.#el.remove();
    this.foot.hidden = false;
  }
}

/** How much time the track shows: all that there is, in steps, so that the scale stands still most of the time. @param {number} furthest_ms */
function shownSpan(furthest_ms) {
  if (furthest_ms <= SPAN_MS) return SPAN_MS;
  const step_ms = 10 ** Math.floor(Math.log10(furthest_ms)) / 20;
  return Math.ceil(furthest_ms / step_ms) * step_ms;
}

/** @param {Element} el @param {string} text */
const set = (el, text) => void (el.textContent !== text && (el.textContent = text));

/** @param {Comparison} found @param {string} own */
function differs({ hash, other_hash, other, hosts }, own) {
  const states = `${own} ${hash.slice(0, 8)}, ${futureOf(other)} ${other_hash.slice(0, 8)}`;
  if (hash === other_hash) return `At this moment both futures are the same (${states}).`;
  const parts = hosts.map(({ name, keys, some, offset, other_offset }) => {
    const more = keys > some.length ? ", …" : "";
    const data = keys ? `${keys} ${keys === 1 ? "key" : "keys"} (${some.join(", ")}${more})` : "";
    const at = (/** @type {number | undefined} */ n) => (n === undefined || n === null ? "none" : int(n));
    const offsets = offset === other_offset ? "" : `offset ${at(offset)} against ${at(other_offset)}`;
    return `${name}: ${[data, offsets].filter(Boolean).join(", ")}`;
  });
  const where = parts.length ? parts.join("; ") : "the data are the same, what is under way is not";
  return `At this moment ${own} differs from ${futureOf(other)}. ${where}. State: ${states}.`;
}

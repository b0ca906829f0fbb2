/**
 * Application processes and databases: how requests fare, what waits for the database, and the program, which can be changed.
 *
 * @import { EstateWorld, App, Database } from "./world.js"
 * @typedef {{at_ms: number, p99_us: number, hits: number, looked: number, waiting: number}} Sample
 */
import { clock, h, int, size } from "../dom.js";
import { plural, table } from "../views/parts.js";
import { Samples, cleared, stretch } from "./chart.js";
import { eachFrame, inkOf, span } from "./marks.js";

/** Samples that are kept; the oldest go first. */
const SAMPLES = 2000;
/** Height of a chart, in px. */
const CHART = 52;

export class Application {
  #sum = h("p", { class: "sum", role: "status" });
  #facts = h("div", { class: "tables" });
  #charts = h("canvas", { class: "charts", role: "img" });
  #select = h("select", { id: "app-name", onchange: () => this.#read(this.#select.value) });
  #source = h("textarea", {
    id: "app-source",
    class: "program",
    rows: "12",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    oninput: () => this.#edited(),
  });
  #run = h(
    "button",
    {
      class: "btn main",
      type: "button",
      onclick: () => this.#do({ act: "app", ...this.#setup(), source: this.#source.value }),
    },
    "Run this program",
  );
  #back = h(
    "button",
    { class: "btn", type: "button", onclick: () => this.#read(this.#select.value) },
    "Undo my changes",
  );
  #buttons = h("span", { class: "controls" });
  #refused = h("p", { class: "bad", role: "alert" });
  #log = h("ul", { class: "lines" });
  /** @type {Samples<Sample>} */
  #samples = new Samples(SAMPLES);
  /** The program as it runs, and what was drawn last. */
  #running = "";
  #drawn = "";
  #moved = 0;
  #saidAt = 0;
  #frame = eachFrame(() => this.#draw());

  /** @param {EstateWorld} world */
  constructor(world) {
    this.world = world;
    const { apps } = world.state.model;
    this.#select.append(...apps.map(({ name }) => h("option", null, name)));
    this.el = h(
      "div",
      { class: "body estate-view", tabindex: "0", role: "group", "aria-label": "Application" },
      this.#sum,
      this.#charts,
      this.#facts,
      h("h3", { class: "rule" }, h("label", { for: "app-source" }, "Program")),
      h("div", { class: "controls" }, h("label", { for: "app-name", class: "sr" }, "Of"), this.#select, this.#buttons),
      this.#source,
      h("div", { class: "controls" }, this.#run, this.#back),
      this.#refused,
      h("h3", { class: "rule" }, "Its log"),
      this.#log,
    );
    this.resize = new ResizeObserver(() => this.draw());
    this.resize.observe(this.el);
    this.#read(this.#select.value);
  }

  /** @returns {App | undefined} */
  get #app() {
    const { apps } = this.world.state.model;
    return apps.find((app) => app.name === this.#select.value) ?? apps[0];
  }

  /** The program as the world has it now. @param {string} name */
  async #read(name) {
    this.#running = (await this.world.program(name)) ?? "";
    this.#source.value = this.#running;
    this.#edited();
  }

  #edited() {
    this.#run.disabled = this.#back.disabled = this.#source.value === this.#running;
  }

  /** What a process is told beside its program. */
  #setup() {
    const { name = "", redis, database } = this.#app ?? {};
    return { name, ...(redis && { redis }), ...(database && { database }) };
  }

  /** @param {Record<string, any>} act */
  async #do(act) {
    this.#refused.textContent = "";
    try {
      await this.world.act(act);
      if (act.act === "app") this.#running = act.source;
      this.#edited();
    } catch (e) {
      this.#refused.textContent = /** @type {Error} */ (e).message;
    }
  }

  draw() {
    this.#sample();
    this.#frame.ask();
  }

  /** Notes how it goes at this moment. */
  #sample() {
    const { now_ms, moved, model } = this.world.state;
    if (moved !== this.#moved) {
      // Another program may have run then. Who is writing one is left alone.
      this.#moved = moved;
      if (this.#source.value === this.#running) this.#read(this.#select.value);
    }
    if (!this.#samples.isNew(this.world.state)) return;
    const sum = (/** @type {(app: App) => number} */ of) => model.apps.reduce((n, app) => n + of(app), 0);
    const hits = sum((app) => app.hits);
    this.#samples.add({
      at_ms: now_ms,
      p99_us: Math.max(0, ...model.apps.map((app) => app.request_latency.p99_us ?? 0)),
      hits,
      looked: hits + sum((app) => app.misses),
      waiting: model.databases.reduce((n, database) => n + database.waiting + database.working, 0),
    });
  }

  #draw() {
    const app = this.#app;
    if (!app) return;
    const names = this.world.state.model.apps.map(({ name }) => name);
    if (names.length !== this.#select.options.length) {
      this.#select.replaceChildren(...names.map((name) => h("option", null, name)));
      this.#select.value = app.name;
    }
    const { model, start_ms } = this.world.state;
    const now = performance.now();
    const words = this.#words(app, model.databases);
    if (this.#sum.textContent !== words && (!this.world.state.playing || now - this.#saidAt > 500)) {
      this.#sum.textContent = words;
      this.#saidAt = now;
    }
    this.#drawCharts();
    this.#drawFacts();
    const lines = app.log
      .filter(({ at_us }) => at_us / 1000 >= start_ms)
      .map(({ at_us, text }) => `${clock(at_us / 1000 - start_ms)}  ${text}`);
    const logged = lines.join("\n");
    if (this.#log.dataset.lines !== logged) {
      this.#log.dataset.lines = logged;
      this.#log.replaceChildren(
        ...(lines.length ? lines : ["Nothing yet: log(…) writes here."]).map((line) => h("li", null, line)),
      );
    }
    const running = app.state === "running";
    const deeds = [
      running ? ["Stop", "kill"] : ["Start", "start"],
      ...(running ? [app.paused ? ["Go on", "resume"] : ["Pause", "pause"]] : []),
    ];
    const drawn = `${app.name} ${deeds}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const at = [...this.#buttons.children].indexOf(/** @type {Element} */ (document.activeElement));
    this.#buttons.replaceChildren(
      ...deeds.map(([words, act]) =>
        h("button", { class: "btn", type: "button", onclick: () => this.#do({ act, host: app.name }) }, words),
      ),
    );
    if (at >= 0) /** @type {HTMLElement} */ (this.#buttons.children[Math.min(at, deeds.length - 1)]).focus();
  }

  /** @param {App} app @param {Database[]} databases */
  #words(app, databases) {
    const state = { running: "", ended: " has ended", failed: " has died of an error", stopped: " was stopped" }[
      app.state
    ];
    const parts = [app.paused ? `${app.name} stands still` : state ? `${app.name}${state}` : ""];
    const looked = app.hits + app.misses;
    if (looked) parts.push(`${percent(app.hits, looked)} of what was looked for was in the cache`);
    const { p50_us, p99_us } = app.request_latency;
    if (p99_us !== undefined && p99_us !== null && p50_us !== undefined)
      parts.push(`half of the last requests took ${span(p50_us)} or less, one of a hundred ${span(p99_us)} or more`);
    for (const d of databases) {
      if (!d.up) parts.push(`${d.name} does not run`);
      else if (d.waiting)
        parts.push(`${plural(d.waiting, "request")} for ${d.name} ${d.waiting === 1 ? "waits" : "wait"}`);
    }
    const said = parts.filter(Boolean).join("; ");
    return said ? `${said}.` : `${app.name} runs; nobody has asked it for anything yet.`;
  }

  #drawFacts() {
    // Who works in the table is not disturbed.
    if (this.#facts.contains(document.activeElement)) return;
    const { apps, databases, loads } = this.world.state.model;
    const times = (/** @type {import("./world.js").Latency} */ { p50_us, p99_us }) => [
      p50_us === undefined || p50_us === null ? "" : span(p50_us),
      p99_us === undefined || p99_us === null ? "" : span(p99_us),
    ];
    const rows = [
      ...loads.map((load) => [
        `${load.name}: requests`,
        int(load.answered),
        int(load.errors + load.unanswered),
        ...times(load.latency),
      ]),
      ...apps.flatMap((app) => [
        [
          `${app.name}: calls of ${app.redis ?? "redis"}`,
          int(app.calls),
          int(app.call_errors),
          ...times(app.call_latency),
        ],
      ]),
      ...databases.map((d) => [
        `${d.name}: rows read, written`,
        `${int(d.reads)}, ${int(d.writes)}`,
        int(d.refused + d.lost),
        ...times(d.latency),
      ]),
    ];
    this.#facts.replaceChildren(
      table("How it went", ["what", "done #", "failed #", "half within #", "99% within #"], rows),
      h(
        "p",
        { class: "foot" },
        [
          ...databases.map(
            (d) =>
              `${d.name}: ${d.working} of ${d.workers} workers busy, ${int(d.waiting)} wait (at most ${int(d.waiting_most)} so far, ${int(d.queue)} may)${d.slow_percent === 100 ? "" : `, everything takes ${d.slow_percent / 100} times as long`}`,
          ),
          ...apps.map(
            (app) =>
              `${app.name}: ${plural(app.tasks, "task")}, ${int(app.waiting)} requests wait, ${size(app.memory_bytes)}`,
          ),
        ].join("; "),
        ".",
      ),
    );
  }

  #drawCharts() {
    const canvas = this.#charts;
    const width = this.el.clientWidth - 24;
    if (width < 40) return;
    const each = (width - 32) / 3;
    const height = CHART + 22;
    const g = cleared(canvas, width, height);
    if (!g) return;
    const { now_ms, start_ms } = this.world.state;
    const { from, until, end } = stretch(this.world.state, this.#samples.all.at(-1)?.at_ms);
    const shown = this.#samples.all.filter((x) => x.at_ms >= from);
    const before = this.#samples.all.filter((x) => x.at_ms < from).at(-1);
    const all = before ? [before, ...shown] : shown;
    // Of what was looked for within half a second.
    const rate = (/** @type {Sample} */ x) => {
      const past = all.findLast((y) => y.at_ms <= x.at_ms - 500) ?? all[0];
      const looked = x.looked - past.looked;
      return looked > 0 ? ((x.hits - past.hits) / looked) * 100 : NaN;
    };
    const scale = { g, width: each, from, until, now_ms, shown };
    const charts = /** @type {[string, (x: Sample) => number, number, (n: number) => string][]} */ ([
      ["requests, 99% within", (x) => x.p99_us, 1000, span],
      ["in the cache", rate, 100, (n) => `${Math.round(n)}%`],
      ["at the database", (x) => x.waiting, 4, int],
    ]);
    const peaks = charts.map(([title, of, least, words], i) => {
      if (i) g.translate(each + 16, 0);
      return `${title}: ${this.#chart(scale, title, of, least, words)}`;
    });
    canvas.setAttribute(
      "aria-label",
      `From ${clock(from - start_ms)} to ${clock(end - start_ms)}, at most: ${peaks.join("; ")}`,
    );
  }

  /**
   * One chart; answers its peak in words.
   * @param {{g: CanvasRenderingContext2D, width: number, from: number, until: number, now_ms: number, shown: Sample[]}} scale
   * @param {string} title @param {(x: Sample) => number} of @param {number} least what the axis shows at least
   * @param {(n: number) => string} words
   */
  #chart({ g, width, from, until, now_ms, shown }, title, of, least, words) {
    const colour = (/** @type {string} */ name) => inkOf(this.#charts, name);
    const points = shown.map((x) => ({ at_ms: x.at_ms, n: of(x) }));
    const peak = points.reduce((most, { n }) => (n > most ? n : most), 0);
    const most = Math.max(least, peak);
    const base = 14 + CHART - 2;
    const x = (/** @type {number} */ ms) => ((ms - from) / (until - from)) * (width - 1);
    const y = (/** @type {number} */ n) => base - (n / most) * (CHART - 8);
    g.font = `11px ${getComputedStyle(this.#charts).fontFamily}`;
    g.fillStyle = colour("--ink-3");
    const axis = words(most);
    const room = width - g.measureText(axis).width - 6;
    let head = title;
    while (head.length > 3 && g.measureText(head).width > room) head = `${head.slice(0, -2)}…`;
    g.fillText(head, 0, 10);
    g.textAlign = "end";
    g.fillText(axis, width, 10);
    g.textAlign = "start";
    g.strokeStyle = colour("--line");
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(0, base + 0.5);
    g.lineTo(width, base + 0.5);
    g.stroke();
    g.strokeStyle = colour("--ink");
    g.lineWidth = 1.5;
    g.beginPath();
    let pen = false;
    for (const { at_ms, n } of points) {
      const there = !Number.isNaN(n);
      if (there) pen ? g.lineTo(x(at_ms), y(n)) : g.moveTo(x(at_ms), y(n));
      pen = there;
    }
    g.stroke();
    g.strokeStyle = colour("--accent");
    g.beginPath();
    g.moveTo(x(now_ms), 14);
    g.lineTo(x(now_ms), base);
    g.stroke();
    return words(peak);
  }

  close() {
    this.#frame.cancel();
    this.resize.disconnect();
  }
}

/** @param {number} part @param {number} whole */
const percent = (part, whole) => `${Math.round((part / whole) * 100)}%`;

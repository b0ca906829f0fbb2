/**
 * Replication: offsets, what the backlog still has, how often a replica had to be filled anew, and how far each is behind,
 * in bytes and in time.
 *
 * @import { EstateWorld, Host } from "./world.js"
 * @typedef {{at_ms: number, offsets: Map<string, number>, lags: Map<string, {bytes: number, ms: number}>}} Sample
 */
import { clock, h, int, s, size } from "../dom.js";
import { plural, table } from "../views/parts.js";
import { Samples, cleared, stretch } from "./chart.js";
import { eachFrame, inkOf, letterOf, markClass, patterns, span, twinButtons } from "./marks.js";

/** Samples that are kept; the oldest go first. */
const SAMPLES = 4000;
/** Height of a chart, in px. */
const CHART = 64;
const ROW = 30;

export class Replication {
  #sum = h("p", { class: "sum", role: "status" });
  #bars = h("div");
  #charts = h("canvas", { class: "charts", role: "img" });
  #tables = h("div", {
    class: "tables",
    hidden: true,
    tabindex: "0",
    role: "group",
    "aria-label": "Replication as a table",
  });
  #drawing = h("div", { class: "draw" }, this.#bars, this.#charts);
  /** @type {Samples<Sample>} */
  #samples = new Samples(SAMPLES);
  #frame = eachFrame(() => this.#draw());
  #saidAt = 0;

  /** @param {EstateWorld} world */
  constructor(world) {
    this.world = world;
    this.twin = twinButtons((asTable) => {
      this.#tables.hidden = !asTable;
      this.#drawing.hidden = asTable;
      this.draw();
    });
    this.el = h(
      "div",
      { class: "body estate-view", tabindex: "0", role: "group", "aria-label": "Replication" },
      this.#sum,
      this.#drawing,
      this.#tables,
    );
    this.resize = new ResizeObserver(() => this.draw());
    this.resize.observe(this.el);
  }

  draw() {
    this.#sample();
    this.#frame.ask();
  }

  get #hosts() {
    return this.world.state.model.hosts;
  }

  /** The machine at the head of what a machine follows. @param {Host} host @returns {Host | undefined} */
  #head(host) {
    let head = host;
    for (let i = 0; i < this.#hosts.length && head.repl?.primary; i++) {
      const next = this.#hosts.find((other) => other.name === head.repl?.primary);
      if (!next) return undefined;
      head = next;
    }
    return head === host ? undefined : head;
  }

  /** Notes where everybody is at this moment. */
  #sample() {
    if (!this.#samples.isNew(this.world.state)) return;
    const { now_ms } = this.world.state;
    /** @type {Sample} */
    const sample = { at_ms: now_ms, offsets: new Map(), lags: new Map() };
    for (const { name, repl } of this.#hosts) if (repl) sample.offsets.set(name, repl.offset);
    for (const host of this.#hosts) {
      const head = this.#head(host);
      if (!head?.repl || !host.repl) continue;
      const bytes = Math.max(0, head.repl.offset - host.repl.offset);
      const since_ms = this.#since(head.name, host.repl.offset, { at_ms: now_ms, offset: head.repl.offset });
      sample.lags.set(host.name, { bytes, ms: bytes ? now_ms - since_ms : 0 });
    }
    this.#samples.add(sample);
  }

  /**
   * When a machine's offset went beyond a number: between two samples, where it would have been had it grown evenly.
   * @param {string} name @param {number} offset what it went beyond @param {{at_ms: number, offset: number}} now
   */
  #since(name, offset, now) {
    let after = now;
    for (let i = this.#samples.all.length - 1; i >= 0; i--) {
      const { at_ms, offsets } = this.#samples.all[i];
      const before = offsets.get(name);
      if (before === undefined) break;
      if (before <= offset)
        return at_ms + ((offset - before) / Math.max(1, after.offset - before)) * (after.at_ms - at_ms);
      after = { at_ms, offset: before };
    }
    return after.at_ms;
  }

  /** The lag of a machine now. @param {Host} host */
  #lag(host) {
    const { now_ms } = this.world.state;
    const at = this.#samples.all.findLast((x) => x.at_ms <= now_ms);
    return at?.lags.get(host.name);
  }

  #draw() {
    const followers = this.#hosts.filter((host) => host.repl?.primary);
    const words = this.#words(followers);
    // A sentence that changes many times a second is neither read nor spoken.
    const now = performance.now();
    if (this.#sum.textContent !== words && (!this.world.state.playing || now - this.#saidAt > 500)) {
      this.#sum.textContent = words;
      this.#saidAt = now;
    }
    if (!this.#tables.hidden) return this.#drawTable();
    this.#drawBars();
    this.#charts.hidden = !followers.length && !this.#samples.all.some((x) => x.lags.size);
    if (!this.#charts.hidden) this.#drawCharts();
  }

  /** @param {Host[]} followers */
  #words(followers) {
    if (!followers.length)
      return "No machine follows another one. REPLICAOF n1 6379, typed on n2, makes it a replica of n1.";
    const parts = followers.map((host) => {
      const head = this.#head(host);
      const lag = this.#lag(host);
      const { repl, name } = host;
      if (host.paused) return `${name} stands still`;
      if (!head?.repl || !lag) return `${name} follows ${repl?.primary}, of which nothing is known`;
      if (repl?.link !== "connected")
        return `${name} has no connection to ${repl?.primary} (${repl?.link})${lag.bytes ? `, and its data are ${size(lag.bytes)} and ${span(lag.ms * 1000)} old` : ""}`;
      if (!lag.bytes) return `${name} has all that ${head.name} has`;
      return `${name} is ${size(lag.bytes)} and ${span(lag.ms * 1000)} behind ${head.name}`;
    });
    const down = this.#hosts.filter((host) => host.state !== "up").map((host) => `${host.name} does not run`);
    return `${[...parts, ...down].join("; ")}.`;
  }

  /** A bar a machine: what is in its backlog, up to its offset; all on one scale. */
  #drawBars() {
    const width = this.#drawing.clientWidth;
    if (!width) return;
    const rows = this.#hosts;
    const furthest = Math.max(0, ...rows.map((host) => host.repl?.offset ?? 0));
    const most = Math.max(1, furthest);
    const backlog = rows.map((host) => host.repl?.backlog_first ?? Infinity);
    // The last bytes are what differs: as much of them as shows the lag.
    const least = Math.min(...rows.map((host) => host.repl?.offset ?? most));
    const first = Math.max(0, Math.min(most - 256, least - (most - least) - 64));
    const left = 34;
    const right = 76;
    const x = (/** @type {number} */ offset) =>
      left + (Math.max(0, offset - first) / (most - first)) * (width - left - right);
    const bars = rows.flatMap(({ name, repl, state }, i) => {
      const y = 16 + i * ROW;
      const letter = letterOf(name);
      const label = s("text", { x: 0, y: y + 12, class: "t b" }, name);
      if (!repl)
        return [
          label,
          s("text", { x: left, y: y + 12, class: "alm cap" }, state === "off" ? "no power" : "does not run"),
        ];
      const kept = Math.max(first, backlog[i]);
      const end = x(repl.offset);
      const lag = furthest - repl.offset;
      return [
        label,
        s("rect", { x: left, y, width: x(most) - left, height: 14, class: "slot" }),
        s("rect", {
          x: left,
          y,
          width: Math.max(0, end - left),
          height: 14,
          class: `area ${letter}`,
          fill: `url(#repl-${letter})`,
        }),
        Number.isFinite(kept)
          ? s(
              "line",
              { x1: x(kept), x2: end, y1: y + 17, y2: y + 17, class: `backlog ${letter}` },
              s("title", null, "backlog"),
            )
          : null,
        s("text", { x: width, y: y + 12, class: "end t" }, repl.primary && lag ? `−${size(lag)}` : int(repl.offset)),
      ];
    });
    const facts = rows
      .map(({ name, repl }) =>
        repl
          ? `${name}: offset ${int(repl.offset)}${repl.backlog_bytes ? `, backlog ${size(repl.backlog_bytes)} of ${size(repl.backlog_limit ?? 0)}` : ""}`
          : `${name}: does not run`,
      )
      .join("; ");
    const height = 16 + rows.length * ROW;
    this.#bars.replaceChildren(
      s(
        "svg",
        { width, height, role: "img", "aria-label": facts },
        patterns("repl"),
        s("text", { x: left, y: 9 }, `byte ${int(first)}`),
        s("text", { x: x(most), y: 9, class: "end" }, int(most)),
        bars,
      ),
      this.#syncs(),
    );
  }

  /** How replicas were brought up to date. */
  #syncs() {
    const parts = this.#hosts.flatMap(({ name, repl }) => {
      if (!repl || !(repl.full_syncs || repl.partial_syncs || repl.refused_syncs)) return [];
      const refused = repl.refused_syncs ? `, ${repl.refused_syncs} of them because the backlog had not enough` : "";
      return [
        `${name} gave ${plural(repl.full_syncs, "full sync")}${refused} and ${plural(repl.partial_syncs, "partial one")}`,
      ];
    });
    return h(
      "p",
      { class: "foot" },
      parts.length
        ? `${parts.join("; ")}. The line under a bar is the backlog: who left off within it gets the rest, who did not gets everything.`
        : "Nobody has been synchronized yet.",
    );
  }

  #drawCharts() {
    const width = this.#drawing.clientWidth;
    const beside = width >= 480;
    const height = (beside ? 1 : 2) * (CHART + 22);
    const canvas = this.#charts;
    const g = cleared(canvas, width, height);
    if (!g) return;
    const { now_ms, start_ms } = this.world.state;
    const { from, until, end } = stretch(this.world.state, this.#samples.all.at(-1)?.at_ms);
    const shown = this.#samples.all.filter((x) => x.at_ms >= from);
    const each = beside ? width / 2 - 8 : width;
    const scale = { g, width: each, from, until, now_ms, shown };
    const bytes = this.#chart(
      scale,
      16,
      "lag, bytes",
      (l) => l.bytes,
      64,
      (n) => size(Math.round(n)),
    );
    if (beside) g.translate(each + 16, 0);
    else g.translate(0, CHART + 22);
    const time = this.#chart(
      scale,
      16,
      "lag, time",
      (l) => l.ms,
      100,
      (n) => span(n * 1000),
    );
    canvas.setAttribute(
      "aria-label",
      `Lag from ${clock(from - start_ms)} to ${clock(end - start_ms)}: at most ${bytes} and ${time}`,
    );
  }

  /**
   * One chart; answers its peak in words.
   * @param {{g: CanvasRenderingContext2D, width: number, from: number, until: number, now_ms: number, shown: Sample[]}} scale
   * @param {number} top @param {string} title @param {(l: {bytes: number, ms: number}) => number} of
   * @param {number} least what the axis shows at least @param {(n: number) => string} words
   */
  #chart({ g, width, from, until, now_ms, shown }, top, title, of, least, words) {
    const style = getComputedStyle(this.#charts);
    const colour = (/** @type {string} */ name) => inkOf(this.#charts, name);
    const peak = Math.max(0, ...shown.flatMap((x) => [...x.lags.values()].map(of)));
    const most = Math.max(least, peak);
    const base = top + CHART - 8;
    const x = (/** @type {number} */ ms) => ((ms - from) / (until - from)) * (width - 1);
    const y = (/** @type {number} */ n) => base - (n / most) * (CHART - 14);
    g.font = `11px ${style.fontFamily}`;
    g.fillStyle = colour("--ink-3");
    g.fillText(title, 0, top - 4);
    g.textAlign = "end";
    g.fillText(words(most), width, top - 4);
    g.textAlign = "start";
    g.strokeStyle = colour("--line");
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(0, base + 0.5);
    g.lineTo(width, base + 0.5);
    g.stroke();
    const names = new Set(shown.flatMap((s) => [...s.lags.keys()]));
    let dash = 0;
    for (const name of names) {
      g.strokeStyle = colour(`--n-${letterOf(name).toLowerCase()}`);
      g.lineWidth = 1.5;
      // Lines are told apart without colour, too.
      g.setLineDash(dash++ ? [5, 1 + dash] : []);
      g.beginPath();
      let pen = false;
      for (const sample of shown) {
        const lag = sample.lags.get(name);
        if (lag) pen ? g.lineTo(x(sample.at_ms), y(of(lag))) : g.moveTo(x(sample.at_ms), y(of(lag)));
        pen = lag !== undefined;
      }
      g.stroke();
    }
    g.setLineDash([]);
    g.strokeStyle = colour("--accent");
    g.beginPath();
    g.moveTo(x(now_ms), top);
    g.lineTo(x(now_ms), base);
    g.stroke();
    return words(peak);
  }

  #drawTable() {
    const rows = this.#hosts.map((host) => {
      const { name, repl } = host;
      const lag = this.#lag(host);
      return [
        [h("b", { class: markClass(name, !repl), "aria-hidden": "true" }, letterOf(name)), ` ${name}`],
        repl ? (repl.primary ? `${repl.primary}, ${repl.link}` : "—") : host.state,
        repl ? `${repl.id.slice(0, 4)} … ${repl.id.slice(-4)}` : "",
        repl ? int(repl.offset) : "",
        repl?.backlog_bytes ? `${int(repl.backlog_first ?? 0)} + ${int(repl.backlog_bytes)}` : "",
        lag ? size(lag.bytes) : "",
        lag ? span(lag.ms * 1000) : "",
        repl ? `${repl.full_syncs} / ${repl.partial_syncs}` : "",
      ];
    });
    this.#tables.replaceChildren(
      table(
        "Replication",
        ["machine", "follows", "replid", "offset #", "backlog #", "lag #", "lag, time #", "full / partial #"],
        rows,
      ),
    );
  }

  close() {
    this.#frame.cancel();
    this.resize.disconnect();
  }
}

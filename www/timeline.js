/**
 * The bar along the bottom: the world's clock, and a tick for each command. Pointing at a tick says which command it
 * was; a click shows it in its terminal.
 *
 * @typedef {{at_ms: number, name: string, line: string, error: string, cost_us: number, show: () => void}} Tick
 */
import { clock, h, int, s } from "./dom.js";

const HEIGHT = 40;
const LANE = 14;
/** The shortest stretch of time that the track shows. */
const SPAN_MS = 60_000;
/** Ticks kept; older ones stay counted. */
const KEPT = 20_000;

export class Timeline {
  /** @type {Tick[]} */
  #ticks = [];
  #count = 0;
  #errors = 0;
  #startMs = 0;
  #nowMs = 0;
  #seenAt = performance.now();
  #clock = h("span", { class: "clock", role: "timer", "aria-label": "Clock of the sandbox" });
  #at = h("span", { class: "at" });
  #total = h("span", { class: "count" });
  #track = h("div");
  #dirty = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    root.replaceChildren(
      h("div", { class: "deck" }, this.#clock, this.#at, this.#total),
      h("div", { class: "track" }, this.#track),
    );
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    const beat = () => {
      this.#tick();
      setTimeout(beat, calm.matches ? 1000 : 100);
    };
    beat();
    setInterval(() => this.#draw(), 1000);
    new ResizeObserver(() => this.#draw()).observe(this.#track);
    this.#track.addEventListener("pointermove", (e) => this.#point(e.clientX, false));
    this.#track.addEventListener("pointerleave", () => this.#tell());
    this.#track.addEventListener("click", (e) => this.#point(e.clientX, true));
  }

  /** @param {number} startMs the world's clock when it was opened */
  restart(startMs) {
    this.#startMs = this.#nowMs = startMs;
    this.#seenAt = performance.now();
    this.#ticks = [];
    this.#count = this.#errors = 0;
    this.#tell();
    this.#draw();
  }

  /** What the worker last said of its clock. @param {number} nowMs */
  sync(nowMs) {
    this.#nowMs = nowMs;
    this.#seenAt = performance.now();
  }

  /** The page was frozen, and the sandbox with it. @param {number} nowMs @param {number} sleptMs */
  slept(nowMs, sleptMs) {
    this.sync(nowMs);
    this.#at.textContent = `The browser froze this page for ${(sleptMs / 1000).toFixed(0)} s; the clock stood still meanwhile`;
  }

  /** @param {Tick} tick */
  add(tick) {
    this.sync(Math.max(this.#nowMs, tick.at_ms));
    this.#ticks.push(tick);
    if (this.#ticks.length > KEPT) this.#ticks.splice(0, KEPT / 4);
    this.#count++;
    if (tick.error) this.#errors++;
    if (this.#dirty) return;
    this.#dirty = true;
    requestAnimationFrame(() => {
      this.#dirty = false;
      this.#tell();
      this.#draw();
    });
  }

  get #now() {
    return this.#nowMs + performance.now() - this.#seenAt;
  }

  #tick() {
    const text = clock(this.#now - this.#startMs).slice(0, -2);
    if (this.#clock.textContent !== text) this.#clock.textContent = text;
  }

  #tell() {
    const last = this.#ticks.at(-1);
    this.#at.textContent = last ? this.#words(last) : "No command yet";
    this.#total.textContent = `${int(this.#count)} ${this.#count === 1 ? "command" : "commands"}${this.#errors ? `, ${int(this.#errors)} ${this.#errors === 1 ? "error" : "errors"}` : ""}`;
  }

  /** @param {Tick} t */
  #words(t) {
    // The browser's clock is no finer than a tenth of a millisecond here.
    const cost = t.cost_us < 100 ? "< 0.1 ms" : `${(t.cost_us / 1000).toFixed(1)} ms`;
    // Isolated: what is typed may run from right to left.
    return `${clock(t.at_ms - this.#startMs)}  ${t.name}  \u2068${t.line.slice(0, 200)}\u2069  ${t.error ? "error" : cost}`;
  }

  #scale() {
    const width = this.#track.clientWidth;
    const span = Math.max(SPAN_MS, (this.#now - this.#startMs) * 1.02);
    return { width, span, x: (/** @type {number} */ ms) => ((ms - this.#startMs) / span) * width };
  }

  /** @param {number} clientX @param {boolean} show */
  #point(clientX, show) {
    const { x } = this.#scale();
    const at = clientX - this.#track.getBoundingClientRect().left;
    let best = null;
    for (const t of this.#ticks) if (!best || Math.abs(x(t.at_ms) - at) < Math.abs(x(best.at_ms) - at)) best = t;
    if (!best || Math.abs(x(best.at_ms) - at) > 12) return this.#tell();
    this.#at.textContent = this.#words(best);
    if (show) best.show();
  }

  #draw() {
    const { width, span, x } = this.#scale();
    if (width <= 0) return;
    const label = width < 500 ? 4 : 12;
    const step = span / label;
    const grid = [];
    for (let i = 0; i <= label; i++) {
      const at = (i / label) * width;
      const seconds = (i * step) / 1000;
      const text = seconds < 120 ? `${+seconds.toFixed(seconds < 10 ? 1 : 0)}s` : `${(seconds / 60).toFixed(1)}m`;
      grid.push(
        s("line", { x1: at, y1: 12, x2: at, y2: HEIGHT, class: "hair" }),
        s("text", { x: at, y: 9, class: i === 0 ? "" : i === label ? "end" : "mid" }, text),
      );
    }
    // One line a pixel: the more commands fall on it, the taller it is.
    const bins = new Map();
    const errors = new Set();
    for (const t of this.#ticks) {
      const px = Math.round(x(t.at_ms));
      bins.set(px, (bins.get(px) ?? 0) + 1);
      if (t.error) errors.add(px);
    }
    const base = HEIGHT - 3;
    let ticks = "";
    for (const [px, n] of bins) ticks += `M${px + 0.5} ${base}v${-Math.min(HEIGHT - LANE - 4, 9 + 4 * Math.log2(n))}`;
    // An error is marked by a cross over its tick; where they are dense, by every tenth pixel's.
    let last = -10;
    let crosses = "";
    for (const px of [...errors].sort((a, b) => a - b)) {
      crosses += `M${px + 0.5} ${base}v-9`;
      if (px - last < 10) continue;
      crosses += `M${px - 2.5} ${LANE + 1}l6 6m0 -6l-6 6`;
      last = px;
    }
    const now = x(this.#now);
    this.#track.replaceChildren(
      s(
        "svg",
        {
          width,
          height: HEIGHT,
          role: "img",
          "aria-label": `${this.#total.textContent} in ${clock(this.#now - this.#startMs).split(".")[0]}`,
        },
        grid,
        s("line", { x1: 0, y1: base, x2: width, y2: base, class: "hair" }),
        s("path", { d: ticks, class: "ticks" }),
        s("path", { d: crosses, class: "errs" }),
        s("line", { x1: now, y1: 4, x2: now, y2: HEIGHT, class: "now" }),
      ),
    );
  }
}

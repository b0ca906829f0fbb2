/**
 * The machines, the links between them, and what is under way on these. Whatever is pointed at can be broken in the panel
 * below the drawing.
 *
 * @import { EstateWorld, Host, Link, Message, Conn, App, Database } from "./world.js"
 * @import { Place } from "./presets.js"
 * @import { Chosen } from "./faults.js"
 * @typedef {{a: string, b: string, there: Link, back: Link}} Pair both directions between two places
 * @typedef {{key: string, conn: Conn, message: Message, from: string, to: string}} Flight
 */
import { h, int, s, size } from "../dom.js";
import { plural, table } from "../views/parts.js";
import { Faults } from "./faults.js";
import { eachFrame, letterOf, linkWords, markClass, patterns, span, twinButtons } from "./marks.js";

const HEIGHT = 216;
const BOX = { width: 92, height: 46 };
/** Messages that are drawn; more would only cover each other. */
const DRAWN = 60;
/** How far the drawing goes beyond what the worker said last, ms of wall time. */
const AHEAD_MS = 120;

export class Topology {
  #sum = h("p", { class: "sum" });
  #links = s("g");
  #machines = s("g");
  #messages = s("g");
  #svg = s("svg", { height: HEIGHT, role: "group", "aria-label": "Machines and links" });
  #drawing = h("div", { class: "draw" });
  #tables = h("div", { class: "tables", hidden: true, tabindex: "0", role: "group", "aria-label": "Tables" });
  #width = 0;
  /** @type {Map<string, SVGElement>} */
  #byName = new Map();
  /** @type {Map<string, SVGElement>} */
  #inFlight = new Map();
  #seenAt = 0;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #frame = eachFrame(() => this.#draw());
  #motion = eachFrame(() => this.#move());
  #state;

  /** @param {EstateWorld} world @param {Record<string, Place>} places */
  constructor(world, places) {
    this.world = world;
    this.places = places;
    this.#state = world.state;
    this.faults = new Faults(world, () => this.draw());
    this.twin = twinButtons((asTable) => {
      this.#tables.hidden = !asTable;
      this.#drawing.hidden = asTable;
      this.draw();
    });
    this.#svg.append(patterns("topology"), this.#links, this.#messages, this.#machines);
    this.#drawing.append(this.#svg);
    this.el = h(
      "div",
      { class: "body estate-view", tabindex: "0", role: "group", "aria-label": "Topology" },
      this.#sum,
      this.#drawing,
      this.#tables,
      this.faults.el,
    );
    this.resize = new ResizeObserver(() => this.draw());
    this.resize.observe(this.el);
  }

  draw() {
    if (this.#state !== this.world.state) this.#seenAt = performance.now();
    this.#state = this.world.state;
    this.#frame.ask();
  }

  #draw() {
    const { model } = this.#state;
    const flights = this.#flights();
    const words = this.#words(flights);
    if (this.#sum.textContent !== words) this.#sum.textContent = words;
    this.faults.draw(flights);
    if (!this.#tables.hidden) return this.#drawTables(flights);
    this.#width = this.#drawing.clientWidth;
    if (!this.#width) return;
    this.#svg.setAttribute("width", String(this.#width));
    const pairs = this.#pairs();
    this.#keep(
      this.#links,
      pairs.map((pair) => [
        `${pair.a} ${pair.b}`,
        () => this.#newLink(pair),
        (/** @type {SVGElement} */ el) => this.#setLink(el, pair),
      ]),
    );
    /** @type {any[]} */
    const clients = [];
    if (model.loads.length)
      clients.push(["clients", () => this.#newClients(), (/** @type {SVGElement} */ el) => this.#place(el, "clients")]);
    this.#keep(this.#machines, [
      ...model.hosts.map(
        (host) => /** @type {Entry} */ ([host.name, () => this.#newMachine(host), (el) => this.#setMachine(el, host)]),
      ),
      ...this.#others(),
      ...clients,
    ]);
    this.#drawFlights(flights);
    this.#move();
  }

  /**
   * Elements for things, kept as long as the things are there.
   * @typedef {[string, () => SVGElement, (el: SVGElement) => void]} Entry name, how to make it, how to bring it up to date
   * @param {SVGElement} layer @param {any[]} entries
   */
  #keep(layer, entries) {
    const names = new Set(entries.map(([name]) => name));
    for (const [name, el] of this.#byName)
      if (el.parentNode === layer && !names.has(name)) {
        el.remove();
        this.#byName.delete(name);
      }
    for (const [name, make, update] of entries) {
      const el = this.#byName.get(name) ?? make();
      if (!el.parentNode) {
        this.#byName.set(name, el);
        layer.append(el);
      }
      update(el);
    }
  }

  /** @param {string} name */
  #at(name) {
    const place = this.places[name] ?? { x: 0.5, y: 0.5 };
    const half = name === "clients" ? 30 : BOX.width / 2 + 2;
    const x = Math.min(this.#width - half, Math.max(half, place.x * this.#width));
    return { x, y: BOX.height / 2 + 4 + place.y * (HEIGHT - BOX.height - 8) };
  }

  /** @param {SVGElement} el @param {string} name */
  #place(el, name) {
    const { x, y } = this.#at(name);
    el.setAttribute("transform", `translate(${x} ${y})`);
  }

  /** Something that can be chosen. @param {Chosen} chosen @param {any[]} kids */
  #choice(chosen, kids) {
    const choose = () => this.faults.choose(chosen);
    return s(
      "g",
      {
        role: "button",
        tabindex: "0",
        onclick: choose,
        onkeydown: (/** @type {KeyboardEvent} */ e) => {
          if (e.key !== "Enter" && e.key !== " ") return;
          e.preventDefault();
          choose();
        },
      },
      kids,
    );
  }

  /** @param {Host} host */
  #newMachine({ name }) {
    const letter = letterOf(name);
    const { width, height } = BOX;
    const box = { x: -width / 2, y: -height / 2, width, height, rx: 3 };
    return this.#choice({ kind: "host", name }, [
      s("rect", { ...box, class: "paper" }),
      s("rect", {
        x: -width / 2,
        y: -height / 2,
        width: 8,
        height,
        class: `area ${letter}`,
        fill: `url(#topology-${letter})`,
      }),
      s("rect", { ...box, class: `frame ${letter}` }),
      // These words are its name as well; a blank parts them.
      s("text", { x: -width / 2 + 15, y: -5, class: "t b" }, `${name} `),
      s("text", { x: -width / 2 + 15, y: 12, class: "t2 cap role" }),
      s("text", { x: width / 2 - 6, y: -5, class: "end state" }),
      s("path", { class: "crossed", d: `M${-width / 2 + 10} ${height / 2 - 2}L${width / 2 - 2} ${-height / 2 + 2}` }),
    ]);
  }

  /** @param {SVGElement} el @param {Host} host */
  #setMachine(el, host) {
    this.#place(el, host.name);
    const role = host.repl?.role ?? "";
    const state = host.paused ? "paused" : host.state;
    const text = (/** @type {string} */ cls, /** @type {string} */ words) => {
      const found = /** @type {Element} */ (el.querySelector(cls));
      if (found.textContent !== words) found.textContent = words;
    };
    text(".state", state);
    const does =
      host.state === "up" ? `${role} · ${int(host.keys ?? 0)}` : host.state === "off" ? "no power" : "no server";
    text(".role", `${does} `);
    el.setAttribute(
      "class",
      `machine ${host.state}${host.paused ? " paused" : ""}${this.faults.is("host", host.name) ? " chosen" : ""}`,
    );
    el.setAttribute("aria-pressed", String(this.faults.is("host", host.name)));
  }

  /** Application processes and databases. @returns {Entry[]} */
  #others() {
    const { apps, databases } = this.#state.model;
    return [
      ...apps.map(
        (app) =>
          /** @type {Entry} */ ([app.name, () => this.#newOther(app.name, "app"), (el) => this.#setApp(el, app)]),
      ),
      ...databases.map(
        (d) =>
          /** @type {Entry} */ ([d.name, () => this.#newOther(d.name, "database"), (el) => this.#setDatabase(el, d)]),
      ),
    ];
  }

  /** A process is a box with a corner turned down, a database a drum. @param {string} name @param {"app" | "database"} kind */
  #newOther(name, kind) {
    const [x, y] = [BOX.width / 2, BOX.height / 2];
    const d =
      kind === "app"
        ? `M${-x} ${-y}H${x - 10}L${x} ${-y + 10}V${y}H${-x}Z`
        : `M${-x} ${-y + 5}A${x} 5 0 0 1 ${x} ${-y + 5}V${y - 5}A${x} 5 0 0 1 ${-x} ${y - 5}Z`;
    const inner = kind === "app" ? `M${x - 10} ${-y}V${-y + 10}H${x}` : `M${-x} ${-y + 5}A${x} 5 0 0 0 ${x} ${-y + 5}`;
    return this.#choice({ kind: "host", name }, [
      s("path", { d, class: "paper" }),
      s("path", { d, class: "frame P" }),
      s("path", { d: inner, class: "frame P" }),
      s("text", { x: -x + 8, y: -3, class: "t b" }, `${name} `),
      s("text", { x: -x + 8, y: 13, class: "t2 cap role" }),
      s("text", { x: x - 13, y: -3, class: "end state" }),
      s("path", { class: "crossed", d: `M${-x + 2} ${y - 2}L${x - 2} ${-y + 2}` }),
    ]);
  }

  /** @param {SVGElement} el @param {App} app */
  #setApp(el, { name, state, paused, tasks, waiting, serves }) {
    const running = state === "running";
    const work = tasks + waiting;
    const does = running ? (serves || work ? `${int(work)} at work` : "program") : "program";
    this.#setOther(el, name, running ? (paused ? "paused" : "") : state, does, paused);
  }

  /** @param {SVGElement} el @param {Database} database */
  #setDatabase(el, { name, up, paused, slow_percent, working, waiting }) {
    const state = up ? (paused ? "paused" : slow_percent > 100 ? "slow" : "") : "down";
    this.#setOther(el, name, state, up ? `${int(working)} + ${int(waiting)} wait` : "does not run", paused);
  }

  /** @param {SVGElement} el @param {string} name @param {string} state @param {string} does @param {boolean} paused */
  #setOther(el, name, state, does, paused) {
    this.#place(el, name);
    for (const [cls, words] of [
      [".state", state],
      [".role", `${does} `],
    ]) {
      const found = /** @type {Element} */ (el.querySelector(cls));
      if (found.textContent !== words) found.textContent = words;
    }
    const down = state && state !== "slow" && !paused;
    const chosen = this.faults.is("host", name);
    el.setAttribute("class", `machine${down ? " down" : ""}${paused ? " paused" : ""}${chosen ? " chosen" : ""}`);
    el.setAttribute("aria-pressed", String(chosen));
  }

  #newClients() {
    const el = s(
      "g",
      { class: "clients", role: "img", "aria-label": "Simulated clients" },
      s("rect", { x: -28, y: -14, width: 56, height: 28, rx: 14, class: "paper" }),
      s("text", { y: 4, class: "mid cap" }, "clients"),
    );
    return el;
  }

  /** Links between machines, and those of clients that there are. @returns {Pair[]} */
  #pairs() {
    const { model } = this.#state;
    const used = new Set(model.loads.flatMap((load) => [load.to, ...load.at.map((at) => at.host)]));
    const links = new Map(model.links.map((link) => [`${link.from} ${link.to}`, link]));
    return model.links.flatMap((there) => {
      const { from: a, to: b } = there;
      const back = links.get(`${b} ${a}`);
      if (b === "clients" || (a !== "clients" && a > b) || !back || a === "here" || b === "here") return [];
      return a === "clients" && !used.has(b) ? [] : [{ a, b, there, back }];
    });
  }

  /** @param {Pair} pair */
  #newLink({ a, b }) {
    return this.#choice({ kind: "link", a, b }, [
      s("line", { class: "hit" }),
      s("line", { class: "wire" }),
      s("text", { class: "mid halo" }),
      s("path", { class: "cutmark", d: "M-6 -6L6 6M6 -6L-6 6" }),
    ]);
  }

  /** @param {SVGElement} el @param {Pair} pair */
  #setLink(el, { a, b, there, back }) {
    const { model } = this.#state;
    const from = this.#at(a);
    const to = this.#at(b);
    for (const line of el.querySelectorAll("line"))
      for (const [k, v] of Object.entries({ x1: from.x, y1: from.y, x2: to.x, y2: to.y }))
        line.setAttribute(k, String(v));
    const mid = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    const cut = there.cut || back.cut;
    const used =
      model.conns.some((c) => (c.from === a && c.to === b) || (c.from === b && c.to === a)) || a === "clients";
    const words = cut ? (there.cut && back.cut ? "cut" : `cut from ${there.cut ? a : b}`) : linkWords(there);
    const odd = [there, back].some((l) => l.loss_ppm || l.bytes_per_s);
    const chosen = this.faults.is("link", a, b);
    const label = /** @type {SVGElement} */ (el.querySelector("text"));
    label.textContent = (used && a !== "clients") || cut || chosen || odd ? words : "";
    label.setAttribute("x", String(mid.x));
    label.setAttribute("y", String(mid.y + (cut ? 20 : -6)));
    el.querySelector(".cutmark")?.setAttribute("transform", `translate(${mid.x} ${mid.y})`);
    el.setAttribute("class", `link${cut ? " cut" : ""}${used ? " used" : ""}${chosen ? " chosen" : ""}`);
    el.setAttribute("aria-label", `Link of ${a} and ${b}: ${words}`);
    el.setAttribute("aria-pressed", String(chosen));
  }

  /** What is under way between places, the oldest first. @returns {Flight[]} */
  #flights() {
    const { model } = this.#state;
    /** @type {Flight[]} */
    const all = [];
    for (const conn of model.conns) {
      if (conn.kind === "terminal") continue;
      const place = conn.kind === "client" ? "clients" : conn.from;
      conn.messages.forEach((message, i) => {
        const { forward, sent_us } = message;
        const ends = forward ? [place, conn.to] : [conn.to, place];
        all.push({ key: `${conn.id} ${forward} ${sent_us} ${i}`, conn, message, from: ends[0], to: ends[1] });
      });
    }
    return all;
  }

  /** @param {Flight[]} flights */
  #drawFlights(flights) {
    const drawn = flights.slice(0, DRAWN);
    const keys = new Set(drawn.map((f) => f.key));
    for (const [key, el] of this.#inFlight)
      if (!keys.has(key)) {
        el.remove();
        this.#inFlight.delete(key);
      }
    for (const flight of drawn) {
      const { key, conn, message, from, to } = flight;
      let el = this.#inFlight.get(key);
      if (!el) {
        const chosen = /** @type {Chosen} */ ({ kind: "message", key, conn: conn.id, forward: message.forward });
        el = this.#choice(chosen, [
          s("circle", { r: 11, class: "hit" }),
          conn.kind === "client"
            ? s("rect", { x: -3, y: -3, width: 6, height: 6 })
            : message.forward
              ? s("path", { d: "M0 -6L6 0L0 6L-6 0Z" })
              : s("circle", { r: 5 }),
        ]);
        this.#inFlight.set(key, el);
        this.#messages.append(el);
      }
      /** @type {any} */ (el).flight = flight;
      const chosen = this.faults.is("message", key);
      el.setAttribute(
        "class",
        `message ${letterOf(from === "clients" ? to : from)}${message.tries ? " late" : ""}${chosen ? " chosen" : ""}`,
      );
      el.setAttribute("aria-label", `${from} to ${to}: ${message.text}`);
      // What flies is no good stop for the Tab key; while it stands still it is.
      el.setAttribute("tabindex", this.#state.playing && !chosen ? "-1" : "0");
    }
  }

  /** Puts messages where they are by now. */
  #move() {
    const state = this.#state;
    const wall_ms = state.playing ? Math.min(performance.now() - this.#seenAt, AHEAD_MS) : 0;
    const now_us = (state.now_ms + wall_ms * state.speed) * 1000;
    for (const el of this.#inFlight.values()) {
      const { message, from, to } = /** @type {Flight} */ (/** @type {any} */ (el).flight);
      const way = message.due_us - message.sent_us;
      let part = way > 0 ? Math.min(1, Math.max(0, (now_us - message.sent_us) / way)) : 1;
      if (this.#calm.matches) part = Math.round(part * 4) / 4;
      // What cannot pass waits where the link is cut.
      if (state.model.links.some((l) => l.cut && l.from === from && l.to === to)) part = Math.min(part, 0.4);
      const a = this.#at(from);
      const b = this.#at(to);
      const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
      // Each direction keeps to its side, and outside of the boxes.
      const margin = Math.min(0.3, 48 / length);
      const along = margin + part * (1 - 2 * margin);
      const x = a.x + (b.x - a.x) * along - ((b.y - a.y) / length) * 7;
      const y = a.y + (b.y - a.y) * along + ((b.x - a.x) / length) * 7;
      el.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    }
    if (state.playing && !this.#calm.matches && this.#inFlight.size) this.#motion.ask();
  }

  /** @param {Flight[]} flights */
  #words(flights) {
    const { hosts, loads, apps, databases } = this.#state.model;
    const bad = hosts.filter((host) => host.state !== "up" || host.paused);
    const up = hosts.length - bad.length;
    const states = bad.map(
      (b) => `${b.name} ${b.paused ? "stands still" : b.state === "off" ? "has no power" : "does not run"}`,
    );
    const cut = this.#pairs().filter(({ there, back }) => there.cut || back.cut);
    const alone = hosts.filter(({ name }) => {
      const own = this.#pairs().filter(({ a, b }) => (a === name || b === name) && a !== "clients");
      return hosts.length > 2 && own.length > 0 && own.every(({ there, back }) => there.cut && back.cut);
    });
    const isAlone = (/** @type {string} */ name) => alone.some((host) => host.name === name);
    const rest = cut.filter(({ a, b }) => !isAlone(a) && !isAlone(b));
    const links = [
      ...alone.map(({ name }) => `${name} is cut off`),
      ...rest.map(({ a, b }) => `nothing passes between ${a} and ${b}`),
    ];
    const copies = flights.filter((f) => f.conn.kind === "replication").length;
    const under = flights.length
      ? `${plural(flights.length, "message")} under way${copies && loads.length ? `, ${copies} of replication` : ""}`
      : "nothing is under way";
    const first = bad.length
      ? `${up} of ${plural(hosts.length, "machine")} ${up === 1 ? "works" : "work"}`
      : `${hosts.length === 1 ? "The machine works" : `All ${hosts.length} machines work`}`;
    const others = [
      ...apps.filter((app) => app.state !== "running").map((app) => `the program of ${app.name} does not run`),
      ...apps.filter((app) => app.paused).map((app) => `${app.name} stands still`),
      ...databases.filter((d) => !d.up).map((d) => `${d.name} does not run`),
    ];
    return `${[first, ...states, ...others, ...links, under].join("; ")}.`;
  }

  /** @param {Flight[]} flights */
  #drawTables(flights) {
    // Who works in the table is not disturbed.
    if (this.#tables.contains(document.activeElement) && this.#state.playing) return;
    const pick = (/** @type {string} */ words, /** @type {Chosen} */ chosen) =>
      h("button", { class: "pick", type: "button", onclick: () => this.faults.choose(chosen) }, words);
    const { hosts } = this.#state.model;
    this.#tables.replaceChildren(
      table(
        "Machines",
        ["machine", "state", "role", "keys #", "offset #"],
        hosts.map((host) => [
          [
            h("b", { class: markClass(host.name, host.state !== "up"), "aria-hidden": "true" }, letterOf(host.name)),
            " ",
            pick(host.name, { kind: "host", name: host.name }),
          ],
          host.paused ? "paused" : host.state,
          host.repl ? (host.repl.primary ? `replica of ${host.repl.primary}` : "primary") : "",
          host.keys === undefined || host.keys === null ? "" : int(host.keys),
          host.repl ? int(host.repl.offset) : "",
        ]),
      ),
      ...this.#otherTables(pick),
      table(
        "Links",
        ["link", "delay there #", "back #", "state", "bandwidth"],
        this.#pairs().map(({ a, b, there, back }) => [
          pick(`${a} – ${b}`, { kind: "link", a, b }),
          span(there.latency_us),
          span(back.latency_us),
          there.cut || back.cut ? "cut" : there.loss_ppm ? `${there.loss_ppm / 1e4}% lost` : "whole",
          there.bytes_per_s ? `${size(there.bytes_per_s)}/s` : "any",
        ]),
      ),
      table(
        "Under way",
        ["from", "to", "what", "size #", "arrives in #"],
        flights
          .slice(0, DRAWN)
          .map(({ key, conn, message, from, to }) => [
            from,
            to,
            pick(message.text || message.kind, { kind: "message", key, conn: conn.id, forward: message.forward }),
            size(message.bytes),
            span(Math.max(0, message.due_us - this.#state.model.now_us)),
          ]),
      ),
    );
  }

  /** @param {(words: string, chosen: Chosen) => HTMLElement} pick */
  #otherTables(pick) {
    const { apps, databases } = this.#state.model;
    const name = (/** @type {string} */ n) => pick(n, { kind: "host", name: n });
    return [
      ...(apps.length
        ? [
            table(
              "Programs",
              ["program", "state", "tasks #", "wait #"],
              apps.map((app) => [name(app.name), app.paused ? "paused" : app.state, int(app.tasks), int(app.waiting)]),
            ),
          ]
        : []),
      ...(databases.length
        ? [
            table(
              "Databases",
              ["database", "state", "at work #", "wait #"],
              databases.map((d) => [
                name(d.name),
                d.up ? (d.paused ? "paused" : "up") : "down",
                int(d.working),
                int(d.waiting),
              ]),
            ),
          ]
        : []),
    ];
  }

  close() {
    this.#frame.cancel();
    this.#motion.cancel();
    this.resize.disconnect();
  }
}

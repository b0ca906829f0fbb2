/**
 * What was pointed at in the topology: what it is, and what can be done to it.
 *
 * @import { EstateWorld, Host, App, Database } from "./world.js"
 * @import { Flight } from "./topology.js"
 * @typedef {{kind: "host", name: string} | {kind: "link", a: string, b: string} | {kind: "message", key: string, conn: number, forward: boolean}} Chosen
 * @typedef {[string, Record<string, any>[]]} Deed its words, and the acts
 */
import { clock, h, int, size } from "../dom.js";
import { DiskForm, LinkForm } from "./fault-forms.js";
import { linkWords, span } from "./marks.js";

const SECOND_US = 1_000_000;

export class Faults {
  /** @type {Chosen | null} */
  #chosen = null;
  #title = h("h3");
  #facts = h("p", { class: "facts" });
  #log = h("ul", { class: "lines" });
  #buttons = h("div", { class: "controls" });
  /** More that can be set, of a machine or of a link. */
  #form = h("div");
  /** @type {DiskForm | LinkForm | null} */
  #more = null;
  #refused = h("p", { class: "bad", role: "alert" });
  #drawn = "";
  /** What the chosen message was when it was seen last. @type {Flight | null} */
  #flight = null;

  /** @param {EstateWorld} world @param {() => void} changed */
  constructor(world, changed) {
    this.world = world;
    this.changed = changed;
    this.el = h(
      "section",
      { class: "faults", "aria-label": "What was chosen" },
      this.#title,
      this.#facts,
      this.#buttons,
      this.#form,
      this.#refused,
      this.#log,
    );
  }

  /** @param {Chosen} chosen */
  choose(chosen) {
    this.#chosen = chosen;
    this.#flight = null;
    this.#refused.textContent = "";
    this.changed();
    // Where panes are low it stands below what is seen.
    requestAnimationFrame(() => this.el.scrollIntoView({ block: "nearest" }));
  }

  /** @param {string} kind @param {string} name @param {string} [other] */
  is(kind, name, other) {
    const c = this.#chosen;
    if (c?.kind !== kind) return false;
    return c.kind === "host" ? c.name === name : c.kind === "link" ? c.a === name && c.b === other : c.key === name;
  }

  /** @param {Record<string, any>[]} acts */
  async #do(acts) {
    this.#refused.textContent = "";
    try {
      for (const act of acts) await this.world.act(act);
    } catch (e) {
      this.#refused.textContent = /** @type {Error} */ (e).message;
    }
  }

  /** @param {Flight[]} flights */
  draw(flights) {
    const c = this.#chosen;
    const { title, facts, deeds, lines } =
      c?.kind === "host"
        ? this.#host(c.name)
        : c?.kind === "link"
          ? this.#link(c)
          : c
            ? this.#message(c, flights)
            : this.#nothing();
    this.#drawForm();
    const set = (/** @type {Element} */ el, /** @type {string} */ text) =>
      void (el.textContent !== text && (el.textContent = text));
    set(this.#title, title);
    set(this.#facts, facts);
    const logged = lines.join("\n");
    if (this.#log.dataset.lines !== logged) {
      this.#log.dataset.lines = logged;
      this.#log.replaceChildren(...lines.map((line) => h("li", null, line)));
    }
    const drawn = JSON.stringify(deeds);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    // A button that was pressed changes its words; who pressed it by keyboard stays where it was.
    const at = [...this.#buttons.children].indexOf(/** @type {Element} */ (document.activeElement));
    this.#buttons.replaceChildren(
      ...deeds.map(([words, acts]) =>
        h("button", { class: "btn", type: "button", onclick: () => this.#do(acts) }, words),
      ),
    );
    if (at >= 0)
      /** @type {HTMLElement | undefined} */ (this.#buttons.children[Math.min(at, deeds.length - 1)])?.focus();
  }

  /** The form of what was chosen, kept as long as that is. */
  #drawForm() {
    const c = this.#chosen;
    const { hosts, links } = this.world.state.model;
    const disk = c?.kind === "host" ? hosts.find(({ name }) => name === c.name)?.disk : undefined;
    const link = c?.kind === "link" && links.some(({ from, to }) => from === c.a && to === c.b);
    const key = disk ? `disk ${c?.kind === "host" && c.name}` : link ? `link ${c.a} ${c.b}` : "";
    if (this.#form.dataset.of !== key) {
      this.#form.dataset.of = key;
      const act = (/** @type {Record<string, any>} */ one) => void this.#do([one]);
      this.#more = disk && c?.kind === "host" ? new DiskForm(c.name, act) : link ? new LinkForm(c.a, c.b, act) : null;
      this.#form.replaceChildren(...(this.#more ? [this.#more.el] : []));
    }
    this.#more?.update(this.world.state.model);
  }

  /** @returns {{title: string, facts: string, deeds: Deed[], lines: string[]}} */
  #nothing() {
    return {
      title: "Break something",
      facts: "Choose a machine, a link, or a message that is under way.",
      deeds: this.#healing(),
      lines: [],
    };
  }

  /** @returns {Deed[]} */
  #healing() {
    return this.world.state.model.links.some((l) => l.cut) ? [["Heal all links", [{ act: "heal" }]]] : [];
  }

  /** @param {string} name */
  #host(name) {
    const { model, start_ms } = this.world.state;
    const host = model.hosts.find((m) => m.name === name);
    if (!host) return this.#other(name);
    const all = [...model.hosts, ...model.apps, ...model.databases];
    const others = all.map((m) => m.name).filter((other) => other !== name);
    /** @type {Deed[]} */
    const deeds =
      host.state === "up"
        ? [
            host.paused ? ["Resume", [{ act: "resume", host: name }]] : ["Pause", [{ act: "pause", host: name }]],
            ["Kill the server", [{ act: "kill", host: name }]],
            ["Cut the power", [{ act: "power_off", host: name }]],
          ]
        : [["Start", [{ act: "start", host: name }]]];
    if (others.length) deeds.push(["Cut it off", [{ act: "partition", groups: [[...others, "clients"], [name]] }]]);
    deeds.push(
      ["Clock +10 s", [{ act: "jump", host: name, by_us: 10 * SECOND_US }]],
      ["Clock −10 s", [{ act: "jump", host: name, by_us: -10 * SECOND_US }]],
      ...this.#healing(),
    );
    const lines = host.log
      .filter(({ at_us }) => at_us / 1000 >= start_ms)
      .slice(-4)
      .map(({ at_us, text }) => `${clock(at_us / 1000 - start_ms)}  ${text}`);
    return { title: name, facts: this.#factsOf(host), deeds, lines };
  }

  /** An application process or a database. @param {string} name */
  #other(name) {
    const { model } = this.world.state;
    const app = model.apps.find((a) => a.name === name);
    const database = model.databases.find((d) => d.name === name);
    const found = app ?? database;
    if (!found) return this.#nothing();
    const runs = app ? app.state === "running" : database?.up;
    /** @type {Deed[]} */
    const deeds = runs
      ? [
          found.paused ? ["Resume", [{ act: "resume", host: name }]] : ["Pause", [{ act: "pause", host: name }]],
          ["Kill", [{ act: "kill", host: name }]],
        ]
      : [["Start", [{ act: "start", host: name }]]];
    if (database)
      deeds.push(
        database.slow_percent === 100
          ? ["Ten times slower", [{ act: "slow", database: name, percent: 1000 }]]
          : ["As fast as before", [{ act: "slow", database: name, percent: 100 }]],
      );
    const all = [...model.hosts, ...model.apps, ...model.databases].map((m) => m.name);
    const others = all.filter((other) => other !== name);
    deeds.push(["Cut it off", [{ act: "partition", groups: [[...others, "clients"], [name]] }]], ...this.#healing());
    const facts = app ? this.#factsOfApp(app) : this.#factsOfDatabase(/** @type {Database} */ (database));
    return { title: name, facts, deeds, lines: [] };
  }

  /** @param {App} app */
  #factsOfApp({ state, paused, starts, tasks, waiting, requests, answered, failed, redis, database }) {
    const words = ["application process", paused ? "stands still" : state];
    if (redis) words.push(`uses ${[redis, database].filter(Boolean).join(" and ")}`);
    if (requests) words.push(`${int(answered)} of ${int(requests)} requests answered`);
    if (failed) words.push(`${int(failed)} ended by an error`);
    words.push(`${int(tasks)} tasks`);
    if (waiting) words.push(`${int(waiting)} requests wait`);
    if (starts > 1) words.push(`started ${starts} times`);
    return `${words.join(" · ")}.`;
  }

  /** @param {Database} database */
  #factsOfDatabase({
    up,
    paused,
    slow_percent,
    workers,
    working,
    waiting,
    queue,
    reads,
    writes,
    refused,
    lost,
    latency,
  }) {
    const words = ["database", up ? (paused ? "stands still" : "up") : "does not run; its rows are safe"];
    words.push(`${working} of ${workers} workers busy`, `${int(waiting)} wait, ${int(queue)} may`);
    words.push(`${int(reads)} rows read, ${int(writes)} written`);
    if (latency.p99_us) words.push(`99% within ${span(latency.p99_us)}`);
    if (refused) words.push(`${int(refused)} refused`);
    if (lost) words.push(`${int(lost)} lost in a crash`);
    if (slow_percent !== 100) words.push(`${slow_percent / 100} times as slow`);
    return `${words.join(" · ")}.`;
  }

  /** @param {Host} host */
  #factsOf({ state, ip, port, paused, waiting, skew_us, boots, keys, repl }) {
    const words = [`${ip}:${port}`];
    if (state === "off") words.push("no power: what was not on the platter is gone");
    else if (state === "down") words.push("the server does not run; its disk and page cache are as they were");
    else words.push(paused ? "stands still" : "up", `${int(keys ?? 0)} keys`);
    if (repl)
      words.push(repl.primary ? `replica of ${repl.primary}, ${repl.link}` : "primary", `offset ${int(repl.offset)}`);
    if (waiting) words.push(`${int(waiting)} messages wait for it`);
    if (boots > 1) words.push(`started ${boots} times`);
    if (skew_us) words.push(`its clock is ${Math.abs(skew_us) / SECOND_US} s ${skew_us > 0 ? "ahead" : "behind"}`);
    return `${words.join(" · ")}.`;
  }

  /** @param {{a: string, b: string}} chosen */
  #link({ a, b }) {
    const { links } = this.world.state.model;
    const there = links.find((l) => l.from === a && l.to === b);
    const back = links.find((l) => l.from === b && l.to === a);
    if (!there || !back) return this.#nothing();
    const both = (/** @type {object} */ change) => [there, back].map((link) => ({ act: "link", ...link, ...change }));
    /** @type {Deed[]} */
    const deeds = [];
    if (there.cut || back.cut) deeds.push(["Heal", both({ cut: false })]);
    if (!there.cut || !back.cut) deeds.push(["Cut", both({ cut: true })]);
    if (!there.cut && !back.cut) deeds.push([`Cut only ${a} → ${b}`, [{ act: "link", ...there, cut: true }]]);
    deeds.push(["Delay 1 s", both({ latency_us: SECOND_US })], ["Lose 20%", both({ loss_ppm: 200_000 })]);
    const plain = { latency_us: 40_000, jitter_us: 0, loss_ppm: 0, bytes_per_s: 0 };
    const is = (/** @type {typeof there} */ l) => ({ ...l, ...plain });
    if ([there, back].some((l) => JSON.stringify(l) !== JSON.stringify(is(l))))
      deeds.push(["40 ms, nothing lost", both(plain)]);
    const way = (/** @type {typeof there} */ l) => `${l.from} → ${l.to}: ${linkWords(l)}`;
    return { title: `Link of ${a} and ${b}`, facts: `${way(there)} · ${way(back)}.`, deeds, lines: [] };
  }

  /** @param {{key: string, conn: number, forward: boolean}} chosen @param {Flight[]} flights */
  #message({ key, conn, forward }, flights) {
    const flight = flights.find((f) => f.key === key);
    if (flight) this.#flight = flight;
    const seen = flight ?? this.#flight;
    if (!seen) return this.#nothing();
    const { message, from, to } = seen;
    // Bytes on a connection stay in order: what is done to one is done to what stands before it as well.
    const first = flights.find((f) => f.conn.id === conn && f.message.forward === forward);
    const ahead = flight && first !== flight ? " Others are in front of it: they are held up first." : "";
    const left = message.due_us - this.world.state.model.now_us;
    const facts = flight
      ? `${message.kind}, ${size(message.bytes)}, arrives in ${span(Math.max(0, left))}${message.tries ? `; sent ${message.tries + 1} times` : ""}.${ahead}`
      : `${message.kind}, ${size(message.bytes)}: it has arrived, or its connection is gone.`;
    /** @type {Deed[]} */
    const deeds = flight
      ? [
          ["Lose it once", [{ act: "lose", conn, forward }]],
          ["Delay it by 1 s", [{ act: "delay", conn, forward, by_us: SECOND_US }]],
        ]
      : [];
    return { title: `${from} → ${to}`, facts, deeds, lines: [message.text] };
  }
}

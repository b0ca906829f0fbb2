/**
 * The lab with many nodes: a terminal for each, the topology and replication as views, and the timeline.
 *
 * @import { EngineClient } from "../protocol.js"
 * @import { Pane, Panes } from "../panes.js"
 * @import { Docs } from "../terminal/docs.js"
 * @import { History } from "../terminal/history.js"
 * @import { Lesson } from "../parts.js"
 * @import { Preset } from "./presets.js"
 * @import { Trace } from "./trace.js"
 * @typedef {{client: EngineClient, panes: Panes, foot: HTMLElement, history: History, docs: Promise<Docs>, hints: boolean, keepHints: (on: boolean) => void, replay: (trace: Trace) => void}} Around
 *   `replay` opens a saved run in place of what is open
 */
import { RedlabTerminal } from "../terminal/terminal.js";
import { Application } from "./app.js";
import { Deck } from "./deck.js";
import "./estate.css";
import { futureOf, isTrue } from "./futures.js";
import { Ledger } from "./ledger.js";
import { WrittenLines } from "./lines.js";
import { Later } from "./later.js";
import { letterOf } from "./marks.js";
import { NodeViews } from "./node.js";
import { PRESETS, presetOf } from "./presets.js";
import { Replication } from "./replication.js";
import { runsPart } from "./runs.js";
import { startPage } from "./start.js";
import { Topology } from "./topology.js";
import { EstateWorld } from "./world.js";

const PORT = 6379;

export class EstateLab {
  /** @type {Pane[]} */
  #panes = [];
  /** @type {{host: string, terminal: RedlabTerminal, pane: Pane}[]} */
  #terminals = [];
  /** @type {{draw: () => void, close: () => void}[]} */
  #views = [];
  #deck;
  #lines;
  #moved = 0;
  /** The view of programs is there. */
  #programs = false;
  #told = "";

  /** @param {EstateWorld} world @param {Preset} preset @param {Around} around */
  constructor(world, preset, around) {
    this.world = world;
    this.preset = preset;
    this.around = around;
    this.#deck = new Deck(world, around.foot);
    this.#lines = new WrittenLines(world);
  }

  /**
   * @param {string} id of a preset @param {Around} around @param {Lesson | null} lesson in place of one
   * @param {Trace} [trace] a saved run in place of one @returns {Promise<EstateLab>}
   */
  static async open(id, around, lesson, trace) {
    const known = PRESETS.find((p) => p.id === id) ?? PRESETS[1];
    const preset = lesson?.estate ?? (trace ? presetOf(trace) : known);
    const options = trace && { name: null, seed: trace.seed, acts: [], trace };
    const world = await EstateWorld.open(around.client, preset, lesson?.world ?? options);
    const lab = new EstateLab(world, preset, around);
    await lab.#fill(lesson);
    return lab;
  }

  /** @param {Lesson | null} lesson */
  async #fill(lesson) {
    const { panes } = this.around;
    if (lesson) this.#addLesson(lesson);
    else {
      const start = startPage(this.preset, this.world, (host, line) => this.#type(host, line), this.around.replay);
      this.#panes.push(panes.add({ id: "estate", title: this.preset.title, column: "left", body: start.el }));
      this.#views.push(start);
    }
    const node = new NodeViews(this.world, (host, line) => this.#type(host, line));
    for (const host of this.preset.hosts) await this.#addTerminal(host, node);
    const topology = new Topology(this.world, this.preset.places);
    this.#panes.push(
      panes.add({ id: "topology", title: "Topology", column: "right", body: topology.el, actions: [topology.twin] }),
    );
    this.#views.push(topology);
    if (this.preset.hosts.length > 1 || !this.preset.programs) this.#addReplication();
    this.#addLedger();
    this.#addWire();
    this.#addNode(node);
    this.world.addEventListener("estate", () => this.#changed());
    this.#changed();
    const [first] = this.#terminals;
    if (!first) return;
    panes.show(lesson ? this.#panes[0].id : first.pane.id);
    if (matchMedia("(hover: hover) and (min-width: 1081px)").matches) first.terminal.focus();
  }

  /** A lesson's programs may come later than the page. */
  #addApplication() {
    if (this.#programs || !this.world.state.model.apps.length) return;
    this.#programs = true;
    const view = new Application(this.world);
    const pane = { id: "application", title: "Application", column: /** @type {"right"} */ ("right"), body: view.el };
    this.#panes.push(this.around.panes.add(pane));
    this.#views.push(view);
  }

  #addReplication() {
    const view = new Replication(this.world);
    this.#panes.push(
      this.around.panes.add({
        id: "replication",
        title: "Replication",
        column: "right",
        body: view.el,
        actions: [view.twin],
      }),
    );
    this.#views.push(view);
  }

  #addLedger() {
    const ledger = new Ledger(this.world, this.#lines);
    const pane = { id: "ledger", title: "Ledger", column: /** @type {"right"} */ ("right"), body: ledger.el };
    this.#panes.push(this.around.panes.add({ ...pane, actions: [ledger.choice] }));
    this.#views.push(ledger);
  }

  /** It waits until somebody wants it, and so does its code. */
  #addWire() {
    const later = new Later(async () => new (await import("./wire.js")).Wire(this.world));
    const pane = { id: "wire", title: "Wire", column: /** @type {"right"} */ ("right"), body: later.el, closed: true };
    this.#panes.push(this.around.panes.add(pane));
    this.#views.push(later);
  }

  /** It waits until somebody wants it. @param {NodeViews} node */
  #addNode(node) {
    const pane = { id: "node", title: "One node", column: /** @type {"right"} */ ("right"), body: node.el };
    this.#panes.push(this.around.panes.add({ ...pane, actions: [node.head], closed: true }));
    this.#views.push(node);
    node.open();
  }

  /** @param {Lesson} lesson */
  #addLesson({ title, element }) {
    const { panes, client } = this.around;
    this.#panes.push(panes.add({ id: "left", title, column: "left", body: element }));
    // Its lines say where they are to be typed: n2> GET a
    const type = (/** @type {string} */ line) => {
      const [, host, rest] = /^([\w-]+)> (.*)$/.exec(line) ?? ["", this.#terminals[0].host, line];
      this.#type(host, rest);
    };
    element.start?.({ client, world: this.world, type, run: async () => {}, views: [] });
    const runs = runsPart(this.world, null, this.around.replay);
    (element.querySelector(".body") ?? element).append(runs.el);
    this.#views.push({ draw() {}, close: runs.close });
  }

  /** @param {string} host @param {NodeViews} node */
  async #addTerminal(host, node) {
    const { panes, history, docs, hints, keepHints } = this.around;
    const session = await this.world.connect(host);
    const terminal = new RedlabTerminal();
    const pane = panes.add({ id: `t-${host}`, title: host, column: "mid", node: letterOf(host), body: terminal });
    this.#panes.push(pane);
    this.#terminals.push({ host, terminal, pane });
    terminal.logView.moment = () => ({ future: this.world.state.future, at_ms: this.world.state.now_ms });
    terminal.addEventListener("redlab-command", (e) => {
      const { conn, end, row, reveal } = /** @type {CustomEvent} */ (e).detail;
      if (!conn || !row) return;
      const moment = { future: this.world.state.future, at_ms: this.world.state.now_ms };
      const show = () => (panes.show(pane.id), reveal());
      this.#lines.add(conn, end, { log: terminal.logView, row, moment, show });
    });
    const startMs = this.world.state.start_ms;
    terminal.start({ world: this.world, session, host, port: PORT, history, docs, startMs, hints, keepHints });
    node.add(host, session);
    terminal.addEventListener("redlab-command", (e) => node.command(host, /** @type {CustomEvent} */ (e).detail));
  }

  /** @param {string} host @param {string} line */
  #type(host, line) {
    const found = this.#terminals.find((t) => t.host === host) ?? this.#terminals[0];
    this.around.panes.show(found.pane.id);
    found.terminal.type(line);
  }

  #changed() {
    const { state } = this.world;
    this.#addApplication();
    this.#deck.draw();
    for (const view of this.#views) view.draw();
    for (const { host, pane } of this.#terminals) {
      const machine = state.model.hosts.find((h) => h.name === host);
      if (machine) pane.setMeta(this.#facts(machine));
    }
    this.#grey();
  }

  /** @param {import("./world.js").Host} machine */
  #facts({ state, paused, repl, keys, skew_us }) {
    if (state !== "up") return state === "off" ? "no power" : "the server does not run";
    const role = repl?.primary ? `replica of ${repl.primary}, ${repl.link}` : "primary";
    const skew = skew_us ? ` · clock ${skew_us > 0 ? "+" : "−"}${Math.abs(skew_us) / 1e6} s` : "";
    return `${paused ? "paused · " : ""}${role} · ${keys ?? 0} ${keys === 1 ? "key" : "keys"}${skew}`;
  }

  /** What terminals show of other moments and futures stays, greyed. */
  #grey() {
    const { state } = this.world;
    const told = `${state.moved} ${state.future} ${state.model.past}`;
    // Between two moves only what is replayed changes.
    if (told === this.#told && state.moved === this.#moved && !state.model.past) return;
    this.#told = told;
    this.#moved = state.moved;
    for (const { terminal } of this.#terminals) terminal.logView.grey((moment) => !isTrue(moment, this.world.state));
  }

  /** Says which future it is. */
  get future() {
    return futureOf(this.world.state.future);
  }

  async close() {
    for (const pane of this.#panes) pane.remove();
    for (const view of this.#views) view.close();
    this.#deck.close();
    await this.world.close();
  }
}

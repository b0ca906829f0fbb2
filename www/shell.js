/**
 * The lab's frame: opens a world, puts terminals, views and lesson around it, and keeps them told.
 *
 * @import { EngineClient, World, WorldOptions, Session } from "./protocol.js"
 * @import { Context, Lesson, LessonModule, Part } from "./parts.js"
 * @import { Pane } from "./panes.js"
 */
import { Bar } from "./bar.js";
import { h, icon, saveFile, size } from "./dom.js";
import { Panes } from "./panes.js";
import { loadLessons, loadViews } from "./parts.js";
import { encodeCommand, parseAll } from "./resp.js";
import { startPage } from "./start.js";
import { Docs } from "./terminal/docs.js";
import { History } from "./terminal/history.js";
import { RedlabTerminal } from "./terminal/terminal.js";
import { Timeline } from "./timeline.js";

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const HOST = "n1";
const PORT = 6379;
const SUGGESTION = "SET greeting hello";

export class Shell {
  #bar = new Bar(byId("bar"));
  #panes = new Panes(byId("main"), byId("tabs"), this.#bar.reopen);
  #timeline = new Timeline(byId("time"));
  /** @type {{terminal: RedlabTerminal, pane: Pane, session: Session}[]} */
  #terminals = [];
  /** The one that was used last. */
  #front = 0;
  #sessions = 0;
  #world = /** @type {World} */ (/** @type {any} */ (null));
  #startMs = 0;
  /** @type {Promise<Docs>} */
  #docs = Promise.resolve(new Docs());
  #history = new History();
  #hints = true;
  /** @type {Part[]} what start() and command() are told */
  #parts = [];
  /** @type {LessonModule | null} */
  #lessons = null;
  /** @type {Pane | null} */
  #left = null;
  /** @type {Pane | null} */
  #viewsPane = null;
  /** The world of several nodes that is open. @type {import("./estate/lab.js").EstateLab | null} */
  #estate = null;
  /** The views that the lesson names. @type {string[]} */
  #views = [];
  /** What is being opened. */
  #turn = Promise.resolve();

  /** @param {EngineClient} client */
  constructor(client) {
    this.client = client;
  }

  async start() {
    try {
      const [hints, lessons] = await Promise.all([this.client.getSetting("hints"), loadLessons()]);
      this.#hints = hints ?? true;
      this.#lessons = lessons;
      await this.#inTurn(() => this.#route());
      window.addEventListener("hashchange", () => this.#inTurn(() => this.#route()));
    } catch (e) {
      this.#failed(e);
    }
  }

  /** Opens what is asked for, one after another: a world is closed before the next one opens. @param {() => Promise<void>} open */
  #inTurn(open) {
    return (this.#turn = this.#turn.then(open).catch((e) => this.#failed(e)));
  }

  /** @param {unknown} e */
  #failed(e) {
    const why = e instanceof Error ? e.message : String(e);
    this.#notice({
      alarm: true,
      text: `The engine could not start: ${why}. A browser with WebAssembly and module workers is needed.`,
    });
  }

  /** What the address asks for: #lesson/<id>, #estate/<id> (also ?estate=<id>), or the sandbox. */
  async #route() {
    const asked = new URLSearchParams(location.search).get("estate");
    if (asked) history.replaceState(null, "", `${location.pathname}#estate/${asked.replace(/[^\w-]/g, "")}`);
    if (/^#s=/.test(location.hash)) return this.#openShared(location.hash);
    const estate = /^#estate\/([\w-]+)/.exec(location.hash)?.[1];
    if (estate) return this.#openEstate(estate);
    const id = /^#lesson\/([\w/-]+)/.exec(location.hash)?.[1];
    const lesson = id && this.#lessons?.lessons.some((l) => l.id === id) ? await this.#lessons.open(id) : null;
    if (lesson?.estate) return this.#openEstate(lesson.estate.id, lesson);
    this.#bar.setPlaces(this.#lessons?.lessons ?? [], lesson ? id : undefined);
    this.#views = lesson?.views ?? [];
    document.title = lesson ? `${lesson.title} · redlab` : "redlab";
    await this.#open(lesson?.world ?? { name: "sandbox" });
    if (this.#views.length) this.#panes.show("views");
    await this.#fillLeft(lesson?.title ?? "Start", lesson?.element ?? null);
    if (!lesson) this.#report();
    await this.#addViews();
  }

  /** A run in the address: what is in it is told, and nothing runs before a click. @param {string} hash */
  async #openShared(hash) {
    const { readTraceLink } = await import("./estate/trace.js");
    const { preview } = await import("./estate/runs.js");
    await this.#clear();
    this.#bar.setPlaces(this.#lessons?.lessons ?? [], undefined, "shared");
    this.#bar.setEstate("");
    document.title = "A saved run · redlab";
    try {
      this.#tellRun(preview(await readTraceLink(hash), (trace) => this.#replay(trace)));
    } catch (e) {
      this.#refuseRun(`This link cannot be opened: ${/** @type {Error} */ (e).message}.`);
    }
  }

  /** The page about a saved run that is not open. @param {HTMLElement[]} parts */
  #tellRun(...parts) {
    this.#left?.remove();
    const body = h("div", { class: "body", tabindex: "0", role: "group", "aria-label": "A saved run" }, parts);
    this.#left = this.#panes.add({ id: "shared", title: "A saved run", column: "left", body });
    this.#panes.show("shared");
  }

  /** @param {string} why */
  #refuseRun(why) {
    this.#tellRun(h("p", { class: "bad", role: "alert" }, why), h("p", null, h("a", { href: "#" }, "To the sandbox")));
  }

  /** Has a saved run again, in place of what is open. @param {import("./estate/trace.js").Trace} trace */
  #replay(trace) {
    return this.#inTurn(async () => {
      try {
        await this.#openEstate(trace.preset, null, trace);
      } catch (e) {
        await this.#clear();
        this.#refuseRun(`The saved run could not be played: ${/** @type {Error} */ (e).message}.`);
      }
    });
  }

  async #clear() {
    await this.#leave();
    for (const pane of [this.#left, this.#viewsPane]) pane?.remove();
    this.#left = this.#viewsPane = null;
    this.#parts = [];
  }

  /**
   * Several nodes: what that takes is loaded now.
   *
   * @param {string} id @param {Lesson | null} lesson that plays there @param {import("./estate/trace.js").Trace} [trace] a saved run
   */
  async #openEstate(id, lesson = null, trace) {
    const { EstateLab } = await import("./estate/lab.js");
    await this.#clear();
    const key = lesson ? "history:lesson" : "history:estate";
    const lines = (await this.client.getSetting(key)) ?? [];
    const around = {
      client: this.client,
      panes: this.#panes,
      foot: byId("time"),
      history: new History(lines, (/** @type {string[]} */ all) => this.client.putSetting(key, all)),
      docs: this.#docsOfEstates(),
      hints: this.#hints,
      keepHints: (/** @type {boolean} */ on) => this.client.putSetting("hints", on),
      replay: (/** @type {import("./estate/trace.js").Trace} */ run) => this.#replay(run),
    };
    if (trace) this.#tellRun(h("p", { role: "status" }, "The run is played up to its end; a long one takes a while."));
    this.#estate = await EstateLab.open(id, around, lesson, trace);
    this.#left?.remove();
    this.#left = null;
    const { world, preset } = this.#estate;
    world.addEventListener("trap", (e) =>
      this.#notice({
        alarm: true,
        text: `The engine stopped (${/** @type {CustomEvent} */ (e).detail.message}). Reload to begin anew.`,
      }),
    );
    const [open, shown] = lesson ? [preset.id, undefined] : [undefined, preset.id];
    this.#bar.setPlaces(this.#lessons?.lessons ?? [], open, shown);
    this.#bar.setEstate(world.info.seed);
    document.title = `${preset.title} · redlab`;
  }

  /** The command table by a server of its own: to ask a machine would be part of its history. */
  async #docsOfEstates() {
    const world = await this.client.open({ name: null });
    const docs = await this.#loadDocs(world);
    await world.close();
    return docs;
  }

  /** Closes what is open. */
  async #leave() {
    for (const t of this.#terminals) t.pane.remove();
    this.#terminals = [];
    this.#sessions = 0;
    await this.#estate?.close();
    this.#estate = null;
    await this.#world?.close();
    this.#world = /** @type {any} */ (null);
    byId("notices").replaceChildren();
  }

  /** @param {WorldOptions} options */
  async #open(options) {
    await this.#leave();
    const world = (this.#world = await this.client.open(options));
    this.#startMs = world.info.now_ms;
    this.#timeline.restart(this.#startMs);
    this.#bar.setWorld(world);
    const key = `history:${options.name ?? "lesson"}`;
    this.#history = new History((await this.client.getSetting(key)) ?? [], (lines) =>
      this.client.putSetting(key, lines),
    );
    world.addEventListener("saved", () => this.#savedChanged());
    world.addEventListener("clock", (e) => this.#slept(/** @type {CustomEvent} */ (e).detail));
    world.addEventListener("restarted", () => this.#restarted());
    const from = options.lesson ? "the lesson begins anew" : "it was started again from the last saved write";
    world.addEventListener("trap", (e) =>
      this.#notice({
        alarm: true,
        text: `The engine stopped (${/** @type {CustomEvent} */ (e).detail.message}); ${from}.`,
      }),
    );
    const session = await world.connect();
    this.#docs = this.#loadDocs(world);
    await this.#addTerminal(world.info.keys === 0 && !options.lesson ? SUGGESTION : "", session);
    if (matchMedia("(hover: hover) and (min-width: 1081px)").matches) this.#terminals[0].terminal.focus();
  }

  /** The command table, by a connection of its own. @param {World} world */
  async #loadDocs(world) {
    try {
      const session = await world.connect();
      const { out } = await session.exec(encodeCommand(["COMMAND", "DOCS"]));
      await session.close();
      const reply = parseAll(out)[0];
      return reply && "items" in reply ? Docs.fromReply(reply) : new Docs();
    } catch {
      return new Docs(); // the world was closed meanwhile
    }
  }

  /** @param {string} [suggestion] @param {Session} [connected] */
  async #addTerminal(suggestion = "", connected) {
    const session = connected ?? (await this.#world.connect());
    const number = ++this.#sessions;
    const title = number === 1 ? HOST : `${HOST} · ${number}`;
    const terminal = new RedlabTerminal();
    const more = h(
      "button",
      {
        class: "btn bare icon",
        type: "button",
        "aria-label": "Open another session",
        title: "Another session",
        onclick: () => this.#addTerminal().then((t) => t.focus()),
      },
      icon("add"),
    );
    const close = () => this.#closeTerminal(terminal);
    const pane = this.#panes.add({
      id: `t${number}`,
      title,
      column: "mid",
      node: "A",
      body: terminal,
      actions: [more],
      onclose: close,
    });
    terminal.addEventListener("redlab-prompt", (e) => {
      const { db, resp, tx } = /** @type {CustomEvent} */ (e).detail;
      pane.setMeta(`primary · 127.0.0.1:${PORT} · RESP${resp} · db ${db}${tx ? " · transaction open" : ""}`);
    });
    terminal.addEventListener("redlab-quit", close);
    terminal.addEventListener("redlab-command", (e) => this.#command(terminal, /** @type {CustomEvent} */ (e).detail));
    terminal.start({
      world: this.#world,
      session,
      host: HOST,
      port: PORT,
      history: this.#history,
      docs: this.#docs,
      startMs: this.#startMs,
      suggestion,
      hints: this.#hints,
      keepHints: (on) => this.client.putSetting("hints", on),
    });
    terminal.addEventListener("focusin", () => this.#toFront(terminal));
    this.#terminals.push({ terminal, pane, session });
    if (number > 1) this.#panes.show(pane.id);
    return terminal;
  }

  /** @param {RedlabTerminal} terminal */
  async #closeTerminal(terminal) {
    const at = this.#terminals.findIndex((t) => t.terminal === terminal);
    if (at < 0) return;
    const [{ pane, session }] = this.#terminals.splice(at, 1);
    pane.remove();
    await session.close();
    this.#front = 0;
    // The lab is never without a prompt.
    if (!this.#terminals.length) await this.#addTerminal();
    this.#terminals[0].terminal.focus();
    this.#startParts();
  }

  /** @param {RedlabTerminal} terminal */
  #toFront(terminal) {
    const at = this.#terminals.findIndex((t) => t.terminal === terminal);
    if (at < 0 || at === this.#front) return;
    this.#front = at;
    this.#startParts();
  }

  /** @param {string} title @param {Part | null} element */
  async #fillLeft(title, element) {
    this.#left?.remove();
    const body = element ?? startPage((line) => this.#type(line));
    this.#left = this.#panes.add({ id: "left", title, column: "left", body });
    // Tabs follow the order of the columns; the prompt comes first all the same.
    this.#panes.list.sort((a, b) => Number(b.id === "left") - Number(a.id === "left"));
    this.#panes.show(element ? "left" : (this.#terminals[0]?.pane.id ?? "left"));
    this.#parts = this.#parts.filter((p) => p.isConnected);
    if (element) {
      this.#parts.push(element);
    }
    this.#startParts();
  }

  async #addViews() {
    const views = this.#viewsPane ? null : await loadViews();
    if (!views) return;
    this.#viewsPane = this.#panes.add({ id: "views", title: "Views", column: "right", body: views });
    this.#parts.push(views);
    this.#startParts();
    this.#takeDrops(views);
  }

  /** Files that are dropped anywhere are looked at. @param {Part} views */
  #takeDrops(views) {
    const files = (/** @type {DragEvent} */ e) => !this.#estate && e.dataTransfer?.types.includes("Files");
    document.addEventListener("dragover", (e) => {
      if (files(e)) e.preventDefault();
    });
    document.addEventListener("drop", (e) => {
      if (!files(e)) return;
      e.preventDefault();
      this.#panes.show("views");
      views.drop?.(/** @type {DataTransfer} */ (e.dataTransfer));
    });
  }

  /** @returns {Context} */
  #context() {
    const { session } = this.#terminals[this.#front] ?? this.#terminals[0];
    return {
      client: this.client,
      world: this.#world,
      session,
      type: (line) => this.#type(line),
      run: (lines) => this.#terminals[this.#front].terminal.run(lines),
      views: this.#views,
    };
  }

  #startParts() {
    if (!this.#terminals.length) return;
    for (const part of this.#parts) part.start?.(this.#context());
  }

  /** @param {string} line */
  #type(line) {
    const front = this.#terminals[this.#front] ?? this.#terminals[0];
    this.#panes.show(front.pane.id);
    front.terminal.type(line);
  }

  /** @param {RedlabTerminal} terminal @param {any} detail */
  #command(terminal, detail) {
    const show = () => {
      this.#panes.show(this.#terminals.find((t) => t.terminal === terminal)?.pane.id ?? "");
      terminal.reveal(detail.row);
    };
    this.#timeline.add({
      at_ms: detail.at_ms,
      name: HOST,
      line: detail.line,
      error: detail.error,
      cost_us: detail.cost_us,
      show,
    });
    for (const part of this.#parts) part.command?.(detail);
  }

  // What the world tells

  #savedChanged() {
    const { saved } = this.#world.info;
    this.#bar.setSaved(saved);
    if (saved.state === "second") this.#report();
    if (saved.state === "refused" && !this.#refusalTold) {
      this.#refusalTold = true;
      this.#notice({
        alarm: true,
        text: `Not saved from here on. ${saved.reason} Download your data to keep it.`,
        actions: [["Download as AOF", async () => saveFile("redlab.aof", await this.#world.download())]],
      });
    }
  }

  #refusalTold = false;

  /** What there is to say about the sandbox's data. */
  #report() {
    const { saved, damage } = this.#world.info;
    byId("notices").replaceChildren();
    if (saved.state === "second") {
      /** @type {[string, () => void][]} */
      const take = saved.free ? [["Take over", () => this.#world.takeOver()]] : [];
      this.#notice({
        alarm: true,
        text: saved.free
          ? "The other tab has closed. Taking over reads what it saved; what you typed here since is dropped."
          : "Not saved: another tab has this sandbox open. You are working on a copy in memory.",
        actions: take,
      });
    }
    if (saved.state === "refused") {
      this.#refusalTold = true;
      this.#notice({
        alarm: true,
        text: `Not saved. ${saved.reason} Everything works; it is lost when this page closes.`,
      });
    }
    if (damage) {
      const keep = async () =>
        saveFile("redlab-damaged.tar", (await this.#world.downloadDamaged()) ?? new Uint8Array(0));
      const read = damage.keys === 1 ? "1 key was read" : `${damage.keys} keys were read`;
      this.#notice({
        alarm: true,
        text: `The saved files are damaged: ${damage.error}. ${damage.emptied ? "Nothing could be read" : read}; the damaged files (${size(damage.total_bytes)}) were set aside.`,
        actions: [["Download the damaged files", keep]],
      });
    }
  }

  /** @param {{slept_ms: number, now_ms: number}} m */
  #slept(m) {
    this.#timeline.slept(m.now_ms, m.slept_ms);
  }

  #restarted() {
    this.#bar.setWorld(this.#world);
    this.#startMs = this.#world.info.now_ms;
    this.#timeline.restart(this.#startMs);
    this.#report();
    this.#startParts();
  }

  /** @param {{text: string, alarm?: boolean, actions?: [string, () => void][]}} o */
  #notice({ text, alarm = false, actions = [] }) {
    const box = h(
      "div",
      { class: `notice${alarm ? " alarm" : ""}` },
      h("p", null, text),
      actions.map(([words, act]) => h("button", { class: "btn", type: "button", onclick: act }, words)),
      h("button", { class: "btn bare", type: "button", onclick: () => box.remove() }, "Dismiss"),
    );
    byId("notices").append(box);
  }
}

/**
 * <redlab-terminal>: redis-cli in the page. A labelled input, a log, one announcement a command.
 *
 * start() takes the connection; every command that ran is told by a bubbling `redlab-command` event with
 * {line, argv (text), args (bytes), reply, session, db, world, at_ms, cost_us, error, row, ran, conn, end, light, reveal}. A row that is pointed
 * at is told by `redlab-point`, its end by one without a row.
 *
 * @import { Reply } from "../resp.js"
 * @import { Session, World } from "../protocol.js"
 * @import { History } from "./history.js"
 * @import { Row } from "./log.js"
 * @import { Answer } from "./cli.js"
 * @typedef {{argv: Uint8Array[], answer: Promise<Answer>}} Sent
 * @typedef {{world: World, session: Session, host: string, port: number, history: History, docs: Promise<Docs>, startMs: number, suggestion?: string, hints?: boolean, keepHints?: (on: boolean) => void}} Start
 */
import { clock, h, int, saveFile, size } from "../dom.js";
import { textOf, toText } from "../resp.js";
import { Cli } from "./cli.js";
import { Docs } from "./docs.js";
import { explain, explainHelp, remark } from "./explain.js";
import { format, formatFor, formatRaw, rowsOf } from "./format.js";
import { help } from "./help.js";
import { complete, hint } from "./hints.js";
import { LogView } from "./log.js";
import { split } from "./split.js";

/** Of a longer reply this much is shown at first. */
const SHOWN_LINES = 200;
const SHOWN_CHARS = 2000;
/** A list of more elements is formatted only as far as it is shown. */
const LONG_LIST = 1000;
/** What a reply may weigh before it is not laid out at all. */
const HEAVY_BYTES = 8e6;
/** A line that is longer gets no hints: they would stand far out of sight. */
const HINTED_CHARS = 1000;
/** Of a longer line the prompt shows both ends: a browser takes seconds to lay out millions of characters in one line. */
const FOLDED_CHARS = 20_000;
const FOLDED_ENDS = 500;
/** Lines that are sent before the one in front of them is answered, so that they are committed together. */
const AHEAD = 64;
/**
 * Commands that may wait, listen, end the connection or change what replies come: nothing is sent behind them before they
 * are answered.
 */
const ALONE =
  /^(auth|bl|br|bz|client|debug|eval|exec$|fcall|hello|monitor|p?sync$|psubscribe|punsubscribe|quit|reset|s?subscribe|s?unsubscribe|shutdown|wait|xread)/i;
/** The terminal's own commands. */
const LOCAL = ["clear", "quit", "exit", "help", "?", ":set", "connect"];
const LOST = "Error: Server closed the connection";
const LISTENING = "Reading messages... (press Ctrl-C to quit or any key to type command)";

export class RedlabTerminal extends HTMLElement {
  docs = new Docs();
  /** @type {Cli} */
  cli = /** @type {any} */ (null);
  #history = /** @type {History} */ (/** @type {any} */ (null));
  #options = /** @type {Start} */ (/** @type {any} */ (null));
  logView = new LogView("Session");
  #prompt = h("span", { class: "ps" });
  #hint = h("div", { class: "hint", "aria-hidden": "true" });
  #stop = h(
    "button",
    { class: "btn bare stop", type: "button", hidden: true, onclick: () => this.interrupt() },
    "Stop ",
    h("kbd", null, "Ctrl-C"),
  );
  #status = h("div", { class: "sr", role: "status" });
  #input = h("input", {
    placeholder: " ",
    autocomplete: "off",
    autocapitalize: "off",
    autocorrect: "off",
    spellcheck: "false",
    enterkeyhint: "send",
  });
  #ask = h("form", { class: "ask" }, this.#prompt, h("div", { class: "box" }, this.#hint, this.#input), this.#stop);
  /** For fingers: the keys that a screen's keyboard lacks. */
  #keys = h(
    "div",
    { class: "softkeys", role: "group", "aria-label": "Keys" },
    this.#softKey("Tab", "Tab: complete", () => this.#complete()),
    this.#softKey("↑", "Previous command", () => this.#move(-1)),
    this.#softKey("↓", "Next command", () => this.#move(1)),
    this.#softKey("Stop", "Stop", () => this.interrupt()),
  );
  #hints = true;
  /** Place in the history; its length is the line being typed. */
  #place = 0;
  #draft = "";
  /** @type {{at: number} | null} */
  #search = null;
  /** @type {{from: string, list: string[], at: number} | null} */
  #cycle = null;
  /** The part of the line that the prompt does not show, and what stands for it. @type {{mark: string, text: string} | null} */
  #folded = null;
  /** @type {string[]} */
  #queue = [];
  /** The first lines of the queue, as far as they were sent already. @type {Sent[]} */
  #ahead = [];
  #busy = false;
  #interrupted = false;
  /** The server has closed the connection; told once the reply that came with it is shown. */
  #over = false;
  /** @type {Row | null} */
  #welcome = null;

  /** @param {Start} o */
  start(o) {
    this.#options = o;
    this.#history = o.history;
    this.#place = o.history.lines.length;
    this.#hints = o.hints ?? true;
    this.cli = new Cli(o.session, { host: o.host, port: o.port, push: (r) => this.#push(r), lost: () => this.#lost() });
    o.session.addEventListener("restarted", (/** @type {any} */ e) => {
      // First what became of the command that was waiting.
      setTimeout(() => {
        this.#note(e.detail ?? "The sandbox was restarted: a new connection, database 0.");
        this.#showPrompt();
      });
    });
    o.session.addEventListener("moved", () => setTimeout(() => this.#showPrompt()));
    o.docs.then((d) => {
      this.docs = d;
      this.#showHint();
    });
    this.classList.add("term");
    this.logView.el.setAttribute("aria-label", `Session with ${o.host}`);
    this.#input.setAttribute("aria-label", `Command for ${o.host}`);
    this.replaceChildren(this.logView.el, this.#ask, this.#keys, this.#status);
    this.#listen();
    this.#showPrompt();
    if (o.suggestion) this.#suggest(o.suggestion);
  }

  disconnectedCallback() {
    if (!this.isConnected) this.logView.destroy();
  }

  focus() {
    this.#input.focus({ preventScroll: true });
  }

  /** Puts a command at the prompt without running it. @param {string} line */
  type(line) {
    this.#setInput(line);
    this.focus();
  }

  /** Runs lines one after another. @param {string[]} lines */
  run(lines) {
    this.#queue.push(...lines);
    return this.#drain();
  }

  /** @param {string} line */
  #suggest(line) {
    const row = () =>
      h(
        "p",
        { class: "empty" },
        "A Redis of your own, running in this page. Try ",
        h("button", { class: "try", type: "button", onclick: () => this.type(line) }, line),
        " or HELP.",
      );
    this.#welcome = row;
    this.logView.add([row]);
  }

  #listen() {
    const point = (/** @type {Row | null} */ row) =>
      this.dispatchEvent(new CustomEvent("redlab-point", { bubbles: true, composed: true, detail: { row } }));
    this.logView.el.addEventListener("pointerover", (e) =>
      point(this.logView.rowOf(/** @type {Element} */ (e.target))),
    );
    this.logView.el.addEventListener("pointerleave", () => point(null));
    this.#ask.addEventListener("submit", (e) => {
      e.preventDefault();
      this.#enter();
    });
    this.#input.addEventListener("keydown", (e) => this.#key(e));
    this.#input.addEventListener("input", () => {
      this.#cycle = null;
      if (this.#search) this.#find(this.#history.lines.length);
      this.#showHint();
    });
    this.#input.addEventListener("scroll", () => this.#showHint());
    this.#input.addEventListener("blur", () => this.#endSearch(false));
    this.#input.addEventListener("paste", (e) => this.#paste(e));
    this.addEventListener("click", (e) => {
      const target = /** @type {Element} */ (e.target);
      // On a touch screen only the prompt itself calls the keyboard up.
      if (matchMedia("(pointer: coarse)").matches && !target.closest(".ask")) return;
      if (!getSelection()?.toString() && !target.closest("a, button, input")) this.focus();
    });
  }

  // The prompt and what stands behind it

  #showPrompt() {
    // A screen's keyboard may have no Ctrl.
    if (!this.#busy) this.#stop.hidden = !this.cli.listens;
    this.#showHint();
    this.#prompt.textContent = (this.#search ? "(reverse-i-search): " : this.cli.prompt).trimEnd();
    this.dispatchEvent(
      new CustomEvent("redlab-prompt", { detail: { db: this.cli.db, resp: this.cli.resp, tx: this.cli.tx } }),
    );
  }

  #showHint() {
    const { value } = this.#input;
    let text = "";
    if (value.length > HINTED_CHARS) return this.#hint.replaceChildren();
    if (this.#search)
      text = `   ${this.#search.at >= 0 ? this.#history.lines[this.#search.at] : value ? "nothing found" : ""}`;
    else if (!value && this.cli?.listens) text = LISTENING;
    else if (this.#hints && this.#input.scrollLeft === 0) text = hint(this.docs, value);
    this.#hint.replaceChildren(h("span", null, value), text);
  }

  /** Puts a line at the prompt, a very long one folded. @param {string} line */
  #setInput(line) {
    this.#folded = null;
    let value = line;
    if (line.length > FOLDED_CHARS) {
      const text = line.slice(FOLDED_ENDS, -FOLDED_ENDS);
      const mark = `⟨${int(text.length)} characters⟩`;
      this.#folded = { mark, text };
      value = line.slice(0, FOLDED_ENDS) + mark + line.slice(-FOLDED_ENDS);
    }
    this.#input.value = value;
    this.#input.setSelectionRange(value.length, value.length);
    this.#showHint();
  }

  /** What a part of the prompt stands for. @param {string} shown */
  #unfold(shown) {
    const folded = this.#folded;
    return folded ? shown.replace(folded.mark, () => folded.text) : shown;
  }

  /** The line at the prompt. */
  get #typed() {
    return this.#unfold(this.#input.value);
  }

  // Keys

  /** @param {KeyboardEvent} e */
  #key(e) {
    if (e.isComposing || e.altKey || e.metaKey) return;
    const ctrl = e.ctrlKey ? "Ctrl-" : "";
    /** @type {Record<string, () => boolean | void>} true: leave the key to the browser */
    const keys = {
      ArrowUp: () => this.#move(-1),
      ArrowDown: () => this.#move(1),
      ArrowRight: () => !this.#search || void this.#endSearch(true),
      Tab: () => e.shiftKey || !this.#complete(),
      Escape: () => (this.#search ? this.#endSearch(false) : this.#leave()),
      "Ctrl-r": () => this.#startSearch(),
      "Ctrl-g": () => this.#endSearch(false),
      "Ctrl-l": () => this.clear(),
      "Ctrl-u": () => this.#setInput(this.#unfold(this.#input.value.slice(this.#input.selectionEnd ?? 0))),
      "Ctrl-k": () => this.#setInput(this.#unfold(this.#input.value.slice(0, this.#input.selectionStart ?? 0))),
      "Ctrl-c": () =>
        this.#input.selectionStart !== this.#input.selectionEnd ||
        Boolean(getSelection()?.toString()) ||
        void this.interrupt(),
      PageUp: () => void (this.logView.el.scrollTop -= this.logView.el.clientHeight * 0.9),
      PageDown: () => void (this.logView.el.scrollTop += this.logView.el.clientHeight * 0.9),
    };
    const act = keys[ctrl + (e.ctrlKey ? e.key.toLowerCase() : e.key)];
    if (act && !act()) e.preventDefault();
  }

  /** @param {string} text @param {string} label @param {() => void} act */
  #softKey(text, label, act) {
    // The input keeps the focus, so that the screen's keyboard stays.
    const stay = (/** @type {Event} */ e) => e.preventDefault();
    return h(
      "button",
      { class: "btn bare", type: "button", "aria-label": label, onpointerdown: stay, onmousedown: stay, onclick: act },
      text,
    );
  }

  #leave() {
    this.#input.blur();
    this.logView.el.focus({ preventScroll: true });
  }

  /** @param {number} by */
  #move(by) {
    if (this.#search) return void this.#find(this.#search.at);
    const { lines } = this.#history;
    if (this.#place >= lines.length) this.#draft = this.#typed;
    this.#place = Math.max(0, Math.min(lines.length, this.#place + by));
    this.#setInput(lines[this.#place] ?? this.#draft);
  }

  /** @returns {boolean} whether there was anything to complete */
  #complete() {
    if (this.#search) return (this.#endSearch(true), true);
    if (this.#folded) return false;
    if (this.#cycle) this.#cycle.at++;
    else {
      const { value } = this.#input;
      const list = this.#input.selectionStart === value.length ? complete(this.docs, value) : [];
      if (!list.length) return false;
      this.#cycle = { from: value, list, at: 0 };
    }
    const { from, list, at } = this.#cycle;
    // After the last one comes the word as it was typed; the Tab after that leaves.
    if (at > list.length || list.length === 1) this.#cycle = null;
    if (at > list.length) return false;
    this.#setInput(list[at] ?? from);
    this.#say(list[at] ?? from);
    return true;
  }

  #startSearch() {
    if (this.#search) return void this.#find(this.#search.at);
    this.#draft = this.#typed;
    this.#search = { at: -1 };
    this.#setInput("");
    this.#showPrompt();
    this.#say("Search the history");
  }

  /** @param {number} before */
  #find(before) {
    if (!this.#search) return;
    this.#search.at = this.#input.value ? this.#history.search(this.#input.value, before < 0 ? undefined : before) : -1;
    this.#showHint();
    if (this.#search.at >= 0) this.#say(this.#history.lines[this.#search.at]);
  }

  /** @param {boolean} take */
  #endSearch(take) {
    if (!this.#search) return;
    const found = this.#history.lines[this.#search.at];
    this.#search = null;
    this.#setInput(take && found !== undefined ? found : this.#draft);
    this.#showPrompt();
  }

  clear() {
    this.logView.clear();
  }

  /** Scrolls to a row that an event told of. @param {Row | null} row */
  reveal(row) {
    if (row) this.logView.reveal(row);
  }

  /** @param {ClipboardEvent} e */
  #paste(e) {
    const text = e.clipboardData?.getData("text/plain") ?? "";
    if (text.length <= FOLDED_CHARS && !/[\r\n]/.test(text)) return;
    e.preventDefault();
    const { value, selectionStart, selectionEnd } = this.#input;
    const all = this.#unfold(value.slice(0, selectionStart ?? 0)) + text + this.#unfold(value.slice(selectionEnd ?? 0));
    const lines = all.split(/\r\n|\r|\n/);
    this.#setInput(lines.pop() ?? "");
    this.run(lines.filter((l) => l.trim()));
  }

  // Running

  #enter() {
    if (this.#search) this.#endSearch(true);
    const line = this.#typed;
    this.#setInput("");
    this.#cycle = null;
    if (!line.trim()) return this.logView.add([this.#echo("")], true);
    this.run([line]);
  }

  /** Ends what runs: the queue, a repetition, a reply that does not come. */
  async interrupt() {
    if (!this.#busy) {
      if (this.#input.value) this.logView.add([this.#echo(`${this.#typed}^C`)], true);
      else if (this.cli.listens) {
        await this.cli.reconnect();
        this.#note("^C");
        this.#showPrompt();
      }
      return this.#setInput("");
    }
    // What was sent has happened, or is about to: its replies come. Who does not want to wait for them asks again.
    const first = !this.#interrupted;
    this.#interrupted = true;
    this.#queue = this.#queue.slice(0, this.#ahead.length);
    if (this.#ahead.length && first) return;
    this.#queue = [];
    this.#ahead = [];
    const asleep_ms = await this.cli.reconnect();
    if (asleep_ms) this.#tellAsleep(asleep_ms);
  }

  /** Who waits can be stopped, the server not: it sleeps on. @param {number} ms */
  #tellAsleep(ms) {
    const { world } = this.#options;
    const again = () =>
      h("button", { class: "try", type: "button", onclick: () => world.restart() }, "Restart the server");
    const words = `The server itself does nothing for another ${int(Math.ceil(ms / 1000))} s: DEBUG SLEEP holds up everybody.`;
    // First what became of the command that was waiting.
    setTimeout(() => this.logView.add([() => h("div", { class: "why" }, words, " ", again())], true));
  }

  async #drain() {
    if (this.#busy) return;
    this.#busy = true;
    const slow = setTimeout(() => (this.#stop.hidden = false), 300);
    this.classList.add("busy");
    for (let line = this.#queue.shift(); line !== undefined; line = this.#queue.shift()) {
      this.#history.add(line, this.#queue.length === 0);
      this.#place = this.#history.lines.length;
      await this.#line(line, this.#sendAhead(line)).then(
        () => this.#over && this.#note(LOST),
        (e) => this.#interrupted || this.#note(`Error: ${e.message}`),
      );
      this.#over = false;
      this.#showPrompt();
    }
    if (this.#interrupted) this.#note("^C");
    clearTimeout(slow);
    this.#busy = this.#interrupted = false;
    this.#stop.hidden = !this.cli.listens;
    this.classList.remove("busy");
  }

  /**
   * Sends a line, and those behind it, as far as none of them can wait or change the connection; nothing if it can, or if
   * it is the last.
   * @param {string} line
   * @returns {Sent | undefined} the line's own
   */
  #sendAhead(line) {
    const send = (/** @type {Uint8Array[] | null} */ argv) => {
      if (!argv || !this.cli.connected) return undefined;
      const answer = this.cli.send(argv);
      answer.catch(() => {}); // it is looked at when its turn comes
      return { argv, answer };
    };
    const own = this.#ahead.shift() ?? (this.#queue.length ? send(this.#plain(line)) : undefined);
    // In groups: one that goes as soon as there is room for it is committed alone.
    if (this.#ahead.length) return own;
    while (own && !this.#interrupted && this.#ahead.length < Math.min(AHEAD, this.#queue.length)) {
      const next = send(this.#plain(this.#queue[this.#ahead.length]));
      if (!next) break;
      this.#ahead.push(next);
    }
    return own;
  }

  /** The words of a line that is a command for the server and none of those that stand alone. @param {string} line */
  #plain(line) {
    const argv = split(line);
    const name = argv?.length ? toText(argv[0]).toLowerCase() : "";
    const own = LOCAL.includes(name) || /^[+-]?\d+$|^:/.test(name);
    return !name || own || ALONE.test(name) ? null : argv;
  }

  /** @param {string} line @param {Sent} [sent] if it was sent before */
  async #line(line, sent) {
    this.#dropWelcome();
    if (sent) return this.#command(line, sent.argv, sent.answer);
    const argv = split(line);
    if (!argv) {
      this.logView.add(
        [
          this.#echo(line),
          { cls: "rep err", text: "Invalid argument(s)" },
          ...why("A quote is open, or something follows right behind a closing one."),
        ],
        true,
      );
      return this.#say("Invalid argument(s)");
    }
    const words = argv.map(toText);
    if (!words.length) return;
    if (this.#local(line, words)) return;
    const { world, host } = this.#options;
    const disk = words[0].startsWith(":") ? (await import("./disk.js")).diskCommand(world, words, host) : null;
    if (disk) return this.#answerLocal(line, await disk);
    let times = 1;
    if (words.length > 1 && /^[+-]?\d+$/.test(words[0])) {
      times = Number(words[0]);
      if (times <= 0 || times > 0x7fffffff)
        return this.#answerLocal(line, "Invalid redis-cli repeat command option value.");
      argv.shift();
    }
    for (let i = 0; i < times && !this.#interrupted; i++) await this.#command(i === 0 ? line : null, argv);
  }

  /** redis-cli's own commands. @param {string} line @param {string[]} words @returns {boolean} whether it was one */
  #local(line, words) {
    const name = words[0].toLowerCase();
    if (words.length === 1 && name === "clear") return (this.clear(), true);
    if (name === "quit" || name === "exit") {
      this.logView.add([this.#echo(line)], true);
      this.dispatchEvent(new CustomEvent("redlab-quit", { bubbles: true }));
      return true;
    }
    if (name === "help" || name === "?") {
      const topic = words.slice(1);
      const lines = help(this.docs, topic, this.#options.world.info.version);
      const rows = lines.map(
        (segments) => () =>
          h(
            "div",
            { class: "rep raw" },
            segments.length
              ? segments.map(({ text, cls }) => (cls ? h(cls === "name" ? "b" : "i", null, text) : text))
              : "\u00a0",
          ),
      );
      const found = lines.some((segments) => segments.length);
      const nothing = found ? "" : explainHelp(this.docs, topic);
      this.logView.add([this.#echo(line), ...rows, ...why(nothing)], true);
      const texts = lines.map((segments) => segments.map(({ text }) => text).join("")).filter((text) => text.trim());
      this.#say(nothing || spoken(texts));
      return true;
    }
    if (name === ":set") {
      const on = words[1] === "hints" ? true : words[1] === "nohints" ? false : null;
      if (on === null) return (this.#answerLocal(line, `unknown preference: ${words.slice(1).join(" ")}`), true);
      this.#hints = on;
      this.#options.keepHints?.(on);
      return (this.#answerLocal(line, ""), true);
    }
    if (name === "connect") {
      const { host, port } = this.#options;
      this.cli.reconnect().then(() => this.#showPrompt());
      return (this.#answerLocal(line, `A new connection to ${host}:${port}. It is the only node here.`), true);
    }
    return false;
  }

  /** @param {string} line @param {string} text */
  #answerLocal(line, text) {
    this.logView.add([this.#echo(line), ...(text ? [{ cls: "rep raw", text }] : [])], true);
    this.#say(text);
  }

  /**
   * @param {string | null} line as typed; null for a repetition
   * @param {Uint8Array[]} argv
   * @param {Promise<Answer>} [sent] the answer, if it was sent before
   */
  async #command(line, argv, sent) {
    const words = argv.map(toText);
    const db = this.cli.db;
    const echo = { time: "", prompt: this.cli.prompt };
    const row = line === null ? null : this.#echo(line, echo);
    if (row) this.logView.add([row], true);
    const { reply, more: later, now_ms, cost_us, ran, conn, end } = await (sent ?? this.cli.send(argv));
    echo.time = clock(now_ms - this.#options.startMs);
    if (row) this.logView.redraw(row);
    if (!reply) return;
    const error = reply.type === "error" ? textOf(reply) : "";
    const rows = this.#rows(reply, words);
    const because = error ? explain(error, words, this.docs) : remark(words);
    rows.push(...why(because, error ? this.#readMore(words) : null));
    this.logView.add(rows);
    if (!this.#queue.length) this.#announce(rows, because);
    later.forEach((r) => this.#push(r));
    this.dispatchEvent(
      new CustomEvent("redlab-command", {
        bubbles: true,
        composed: true,
        detail: {
          line: line ?? words.join(" "),
          argv: words,
          args: argv,
          reply,
          session: this.cli.session,
          db,
          world: this.#options.world,
          at_ms: now_ms,
          cost_us,
          error,
          row,
          ran,
          conn,
          end,
          light: (/** @type {boolean} */ on) => this.logView.light(on ? row : null),
          reveal: () => this.reveal(row),
        },
      }),
    );
  }

  /** @param {Reply} reply @param {string[]} words @returns {Row[]} */
  #rows(reply, words) {
    const cls =
      reply.type === "error" ? "rep err" : reply.type === "status" || reply.type === "verbatim" ? "rep raw" : "rep";
    const row = (/** @type {string} */ text) => ({ cls, text });
    const bytes = weight(reply);
    const file = () => saveFile("reply.txt", formatRaw(reply));
    if ("items" in reply && rowsOf(reply) > LONG_LIST) {
      // Too long to be formatted whole before anybody asks for it.
      const all = () => linesOf(format(reply, "", SHOWN_LINES)).map(row);
      const rest = more(
        `${int(rowsOf(reply) - SHOWN_LINES)} more elements, ${size(bytes)} in all`,
        bytes > HEAVY_BYTES ? null : () => this.#expand(rest, all()),
        file,
      );
      return [...linesOf(format(reply, "", 0, SHOWN_LINES)).map(row), rest];
    }
    if (bytes > HEAVY_BYTES) return [more(`A reply of ${size(bytes)}: too much to show.`, null, file)];
    const lines = linesOf(formatFor(reply, words));
    if (lines.length <= SHOWN_LINES * 1.25) return lines.map(row);
    const hidden = lines.slice(SHOWN_LINES).map(row);
    const rest = more(
      `${int(hidden.length)} more lines, ${size(bytes)} in all`,
      () => this.#expand(rest, hidden),
      file,
    );
    return [...lines.slice(0, SHOWN_LINES).map(row), rest];
  }

  /** @param {Row} row @param {Row[]} rows what it stood for */
  #expand(row, rows) {
    this.logView.replace(row, rows);
    this.logView.el.focus({ preventScroll: true });
  }

  /** @param {string[]} words */
  #readMore(words) {
    const found = this.docs.find(words);
    const line = found && `HELP ${found.doc.name}`;
    return line ? h("button", { class: "try", type: "button", onclick: () => this.run([line]) }, line) : null;
  }

  // Output

  /** A typed line; `echo` may get its time later. @param {string} line @param {{time: string, prompt: string}} [echo] @returns {Row} */
  #echo(line, echo = { time: "", prompt: this.cli.prompt }) {
    return () =>
      h(
        "div",
        { class: "cmd" },
        h("span", { class: "ps" }, echo.prompt.trimEnd()),
        h("span", { class: "in" }, clipped(line)),
        echo.time && h("time", null, echo.time),
      );
  }

  #dropWelcome() {
    if (!this.#welcome) return;
    this.#welcome = null;
    this.logView.clear();
  }

  /** @param {string} text */
  #note(text) {
    this.logView.add([{ cls: "rep note", text }], true);
    this.#say(text);
  }

  #lost() {
    if (this.#busy) return void (this.#over = true);
    this.#note(LOST);
    this.#showPrompt();
  }

  /** What came without being asked for. @param {Reply} reply */
  #push(reply) {
    const items = reply.type === "push" ? reply.items : [];
    const invalid = items.length === 2 && textOf(items[0]) === "invalidate" && "items" in items[1] ? items[1] : null;
    const rows = invalid
      ? [{ cls: "rep note", text: `-> invalidate: ${invalid.items.map((k) => `'${textOf(k)}'`).join(" ")}` }]
      : this.#rows(reply, []);
    this.logView.add(rows);
    this.#announce(rows);
  }

  /** One announcement a command: the first lines, and how many there are. @param {Row[]} rows @param {string} [more] */
  #announce(rows, more = "") {
    this.#say(
      spoken(
        rows.flatMap((r) => (typeof r === "function" ? [] : [r.text])),
        more,
      ),
    );
  }

  /** @param {string} text */
  #say(text) {
    // The same words twice in a row would not be spoken again.
    this.#status.textContent = this.#status.textContent === text ? `${text}\u00a0` : text;
  }
}

/** The first lines of an output, and how many there are. @param {string[]} lines @param {string} [more] */
const spoken = (lines, more = "") =>
  [lines.slice(0, 8).join("\n").slice(0, 400), lines.length > 8 ? `${lines.length} lines` : "", more]
    .filter(Boolean)
    .join("\n");

/** A typed line as far as anybody reads it. @param {string} line */
const clipped = (line) =>
  line.length <= SHOWN_CHARS
    ? line
    : [line.slice(0, SHOWN_CHARS), h("i", null, ` … ${int(line.length - SHOWN_CHARS)} more characters`)];

/** How many bytes a reply carries. @param {Reply} r @returns {number} */
function weight(r) {
  if ("bytes" in r) return r.bytes.length;
  return "items" in r ? r.items.reduce((n, x) => n + weight(x), 0) : 8;
}

/** The lines of a text, the longest in pieces that lay out quickly. @param {string} text */
function linesOf(text) {
  const out = [];
  for (const line of text.slice(0, -1).split("\n")) {
    if (line.length <= SHOWN_CHARS) out.push(line);
    else for (let i = 0; i < line.length; i += SHOWN_CHARS) out.push(line.slice(i, i + SHOWN_CHARS));
  }
  return out;
}

/** An explanation, with a button to read more. @param {string} text @param {HTMLElement | null} [read] @returns {Row[]} */
const why = (text, read = null) => (text ? [() => h("div", { class: "why" }, text, read && [" ", read])] : []);

/** @param {string} text @param {(() => void) | null} all @param {() => void} file @returns {Row} */
const more = (text, all, file) => () =>
  h(
    "div",
    { class: "more" },
    h("span", null, text),
    all && h("button", { class: "btn", type: "button", onclick: all }, "Show all"),
    h("button", { class: "btn", type: "button", onclick: file }, "Download"),
  );

customElements.define("redlab-terminal", RedlabTerminal);

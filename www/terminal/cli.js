/**
 * What redis-cli knows about its connection: the prompt, the open transaction, replies that are still to come.
 *
 * @import { Reply } from "../resp.js"
 * @import { Session } from "../protocol.js"
 * @typedef {{reply: Reply | null, more: Reply[], now_ms: number, cost_us: number, ran: number, conn?: number, end: number}} Answer `reply`
 *   is null after CLIENT REPLY OFF; `more` is what came right behind it without being an answer to it; `end`: where it ends among all
 *   bytes of the connection
 */
import { encodeCommand, ReplyParser, textOf, toText } from "../resp.js";

/** Commands whose first answer is a push in RESP3. */
const SUBSCRIBES = /^[sp]?(un)?subscribe$/i;
/** What a subscriber is told in RESP2, where it has no form of its own. */
const MESSAGES = /^[sp]?message$/;
/** A line of MONITOR. */
const COMMAND_SEEN = /^\d+\.\d{6} \[\d+ [^\]]*\] "/;

/** The first word of a message. @param {Reply} r */
const wordOf = (r) => ("items" in r && r.items.length >= 3 ? textOf(r.items[0]) : "");

export class Cli {
  db = 0;
  tx = false;
  resp = 2;
  connected = true;
  /** MONITOR runs. */
  monitors = false;
  /** Channels and patterns that are listened to, and shard channels: they are counted apart. */
  #subscriptions = { plain: 0, shard: 0 };
  /** The database before MULTI, for when the transaction comes to nothing. */
  #dbBefore = 0;
  /** CLIENT REPLY: how many replies will not come. */
  #mute = 0;
  #parser = new ReplyParser();
  /** @type {{argv: string[], resolve: (r: {reply: Reply, more: Reply[], end: number}) => void, reject: (e: Error) => void}[]} */
  #waiting = [];

  /**
   * @param {Session} session
   * @param {{host: string, port: number, push: (r: Reply) => void, lost: () => void}} options `push` gets what nobody asked for
   */
  constructor(session, options) {
    this.session = session;
    this.options = options;
    session.addEventListener("output", (e) => {
      const { out, closed } = /** @type {CustomEvent} */ (e).detail;
      this.#feed(out);
      if (closed) this.#lost();
    });
    session.addEventListener("restarted", () => this.#fresh("Server closed the connection"));
    session.addEventListener("moved", () => this.#fresh("the world is at another moment; a new connection"));
  }

  get prompt() {
    if (!this.connected) return "not connected> ";
    const { host, port } = this.options;
    const modes = (this.tx ? "(TX)" : "") + (this.#subscribed ? "(subscribed mode)" : "");
    return `${host}:${port}${this.db ? `[${this.db}]` : ""}${modes}> `;
  }

  get #subscribed() {
    return this.#subscriptions.plain + this.#subscriptions.shard > 0;
  }

  /** Whether messages may come at any time, and are waited for. */
  get listens() {
    return this.monitors || this.#subscribed;
  }

  /** @param {string} why open requests fail with it */
  #fresh(why) {
    this.db = 0;
    this.tx = false;
    this.resp = 2;
    this.#mute = 0;
    this.connected = true;
    this.monitors = false;
    this.#subscriptions = { plain: 0, shard: 0 };
    this.#parser = new ReplyParser();
    for (const w of this.#waiting.splice(0)) w.reject(new Error(why));
  }

  #lost() {
    if (!this.connected) return;
    this.#fresh("Server closed the connection");
    this.connected = false;
    this.options.lost();
  }

  /** A new connection in place of the old one; how long the server will not answer, in ms. */
  async reconnect() {
    const asleep_ms = await this.session.reconnect();
    this.#fresh("Interrupted");
    return asleep_ms;
  }

  /** @param {Uint8Array} out */
  #feed(out) {
    this.#parser.push(out);
    /** What stands behind a reply is shown behind it. @type {Reply[] | null} */
    let more = null;
    for (let r = this.#parser.next(); r; r = this.#parser.next()) {
      this.#count(r);
      const first = this.#waiting[0];
      if (first && this.#answers(first.argv[0], r)) {
        this.#waiting.shift();
        first.resolve({ reply: r, more: (more = []), end: this.#parser.taken });
      } else if (more) more.push(r);
      else this.options.push(r);
    }
  }

  /** Whether a reply is the answer to a command, and not something that came meanwhile. @param {string} name @param {Reply} r */
  #answers(name, r) {
    const word = wordOf(r);
    if (r.type === "push") return SUBSCRIBES.test(name) && word === name.toLowerCase();
    if (this.#subscribed && MESSAGES.test(word)) return false;
    return !(this.monitors && r.type === "status" && COMMAND_SEEN.test(textOf(r)));
  }

  /** Keeps count of the subscriptions, which each answer to their commands tells. @param {Reply} r */
  #count(r) {
    const word = wordOf(r);
    const count = "items" in r && r.items.length === 3 ? r.items[2] : null;
    if (SUBSCRIBES.test(word) && count?.type === "integer")
      this.#subscriptions[/^s(sub|unsub)/.test(word) ? "shard" : "plain"] = Number(count.text);
  }

  /**
   * Sends a command and waits for its reply, however long it takes.
   * @param {Uint8Array[]} argv
   * @returns {Promise<Answer>}
   */
  async send(argv) {
    if (!this.connected) await this.reconnect();
    const words = argv.map(toText);
    const muted = this.#muted(words);
    /** @type {Promise<{reply: Reply | null, more: Reply[], end: number}>} */
    const replied = muted
      ? Promise.resolve({ reply: null, more: [], end: 0 })
      : new Promise((resolve, reject) => this.#waiting.push({ argv: words, resolve, reject }));
    replied.catch(() => {});
    const waiter = muted ? null : this.#waiting.at(-1);
    const { out, now_ms, cost_us, closed, ran, conn } = await this.session.exec(encodeCommand(argv)).catch((e) => {
      // It never began, so no reply will come for it.
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      throw e;
    });
    this.#feed(out);
    if (closed) this.#lost();
    const { reply, more, end } = await replied;
    if (reply && this.connected) this.#follow(words, reply);
    return { reply, more, now_ms, cost_us, ran, conn, end };
  }

  /** CLIENT REPLY OFF and SKIP: is there no reply to this one? @param {string[]} words */
  #muted(words) {
    const [a, b, c] = words.map((w) => w.toUpperCase());
    if (a === "CLIENT" && b === "REPLY" && words.length === 3) {
      this.#mute = c === "OFF" ? Infinity : c === "SKIP" ? 2 : 0;
      if (c === "ON") return false;
    }
    return this.#mute > 0 && this.#mute-- > 0;
  }

  /** What a command did to the connection. @param {string[]} words @param {Reply} reply */
  #follow(words, reply) {
    const failed = reply.type === "error";
    switch (words[0].toUpperCase()) {
      case "SELECT":
        if (!failed && words.length === 2) this.db = Number(words[1]) || 0;
        break;
      case "MULTI":
        if (failed) break;
        this.tx = true;
        this.#dbBefore = this.db;
        break;
      case "EXEC":
        if (this.tx && (failed || reply.type === "nil")) this.db = this.#dbBefore;
        this.tx = false;
        break;
      case "DISCARD":
        if (this.tx) this.db = this.#dbBefore;
        this.tx = false;
        break;
      case "MONITOR":
        if (!failed) this.monitors = true;
        break;
      case "RESET":
        if (!failed) this.#fresh("");
        break;
      case "HELLO":
        if (!failed && (words[1] === "2" || words[1] === "3")) this.resp = Number(words[1]);
        break;
    }
  }
}

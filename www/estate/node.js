/**
 * The views of a single node, for one of the machines: the key that was touched last, its table, and the files. They follow the
 * terminal that was typed in, and the same key can be looked at on another machine.
 *
 * @import { Session } from "../protocol.js"
 * @import { Part } from "../parts.js"
 * @import { EstateWorld } from "./world.js"
 */
import { h } from "../dom.js";
import { loadViews } from "../parts.js";

const VIEWS = ["key", "hash-table", "disk", "aof", "rdb"];

export class NodeViews {
  #chosen = h("select", { id: "node-views", onchange: () => this.#start() });
  #views = /** @type {Part | null} */ (null);
  #moved = 0;
  /** A terminal's connection by its machine. @type {Map<string, Session>} */
  #sessions = new Map();

  /** @param {EstateWorld} world @param {(host: string, line: string) => void} type */
  constructor(world, type) {
    this.world = world;
    this.type = type;
    this.el = h("div", { class: "nodeviews" });
    this.head = h("label", { class: "chosen", for: "node-views" }, h("span", { class: "sr" }, "Machine"), this.#chosen);
  }

  /** @param {string} host @param {Session} session of a terminal there */
  add(host, session) {
    this.#sessions.set(host, session);
    this.#chosen.append(h("option", { value: host }, host));
  }

  async open() {
    this.#views = await loadViews();
    if (this.#views) this.el.replaceChildren(this.#views);
    this.#start();
  }

  #start() {
    const host = this.#chosen.value;
    const session = this.#sessions.get(host);
    if (!session) return;
    const type = (/** @type {string} */ line) => this.type(host, line);
    this.#views?.start?.(/** @type {any} */ ({ world: this.world, session, type, views: VIEWS }));
  }

  /** A command ran. @param {string} host @param {any} detail of the terminal's event */
  command(host, detail) {
    if (host !== this.#chosen.value) {
      this.#chosen.value = host;
      this.#start();
    }
    this.#views?.command?.(detail);
  }

  /** What is drawn follows by itself, but for another moment of the world. */
  draw() {
    if (this.world.state.moved === this.#moved) return;
    this.#moved = this.world.state.moved;
    this.#start();
  }

  close() {
    this.el.remove();
  }
}

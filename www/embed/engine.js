/**
 * The one engine of a page's embeds: a hidden iframe from our origin, reached by a port. Worlds are shared by the name of
 * their session.
 *
 * @import { World, WorldOptions } from "../protocol.js"
 */
import { EngineClient } from "../protocol.js";

/** How long the iframe may take to come. */
const PATIENCE_MS = 20_000;

/** @type {Map<string, Promise<Engine>>} */
const engines = new Map();

/** @param {string} base our origin and path @returns {Promise<Engine>} */
export function engine(base) {
  let found = engines.get(base);
  if (!found) {
    found = connect(base);
    engines.set(base, found);
    found.catch(() => engines.delete(base));
  }
  return found;
}

/** @param {string} base @returns {Promise<Engine>} */
function connect(base) {
  const url = new URL("embed.html", base);
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.title = "redlab engine";
  frame.tabIndex = -1;
  frame.src = url.href;
  return new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ why) => {
      clearTimeout(timer);
      window.removeEventListener("message", listen);
      frame.remove();
      reject(new Error(why));
    };
    const timer = setTimeout(
      () => fail(`${url.origin} does not answer. The page's content security policy must allow it in frame-src.`),
      PATIENCE_MS,
    );
    const listen = (/** @type {MessageEvent} */ e) => {
      if (e.source !== frame.contentWindow || e.origin !== url.origin) return;
      if (e.data?.redlab === "error") return fail(e.data.message);
      if (e.data?.redlab !== "ready") return;
      clearTimeout(timer);
      resolve(new Engine(frame, url.origin));
    };
    window.addEventListener("message", listen);
    document.body.append(frame);
  });
}

export class Engine {
  /** @type {Map<string, Promise<World>>} */
  #worlds = new Map();
  #docs;
  #giveDocs = /** @type {(docs: any) => void} */ (() => {});
  #docsAsked = false;

  /** @param {HTMLIFrameElement} frame @param {string} origin */
  constructor(frame, origin) {
    this.frame = frame;
    this.origin = origin;
    const { port1, port2 } = new MessageChannel();
    this.client = new EngineClient(port1);
    this.#post({ redlab: "attach" }, port2);
    this.#docs = new Promise((resolve) => (this.#giveDocs = resolve));
  }

  /** @param {object} message @param {MessagePort} port */
  #post(message, port) {
    this.frame.contentWindow?.postMessage(message, this.origin, [port]);
  }

  /** A world of its own, or the one that this session has already. @param {string | null} session @param {WorldOptions} options @returns {Promise<World>} */
  world(session, options) {
    if (!session) return this.client.open(options);
    let world = this.#worlds.get(session);
    if (!world) {
      world = this.client.open(options);
      this.#worlds.set(session, world);
    }
    return world;
  }

  /** @param {string} id @returns {Promise<any>} a compiled lesson */
  lesson(id) {
    const { port1, port2 } = new MessageChannel();
    this.#post({ redlab: "lesson", id }, port2);
    return new Promise((resolve, reject) => {
      port1.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.ok));
    });
  }

  /** The command table, asked for once. @template T @param {() => Promise<T>} ask @returns {Promise<T>} */
  docs(ask) {
    if (!this.#docsAsked) {
      this.#docsAsked = true;
      ask().then(this.#giveDocs);
    }
    return /** @type {Promise<T>} */ (this.#docs);
  }
}

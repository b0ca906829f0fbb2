/**
 * embed.js, the script that a documentation page loads: <redlab-sandbox> as it looks before the click. Everything else,
 * the terminal and the engine, comes when somebody wants to run a command.
 *
 * It stands behind a <pre>, around one, or names one with `for`. Idle, it takes no room of its own, so that nothing moves
 * when this script arrives: the button lies on the code.
 *
 * @typedef {{lines: string[], click: boolean, base: string}} MountOptions
 * @typedef {{run: (lines?: string[]) => Promise<void>, reset: () => Promise<void>, load: (lines: string[]) => Promise<void>, snapshot: () => Promise<Uint8Array>, unmount: () => void}} Mounted
 */
const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
const BASE = new URL(".", script?.src || document.baseURI).href;

const STYLE = `
:host { display: block; position: relative; --redlab-accent: light-dark(#00705f, #45d6b2); --redlab-on-accent: light-dark(#fff, #06231c); --redlab-bg: light-dark(#fdfdfc, #0f1214); --redlab-ink: light-dark(#14181a, #e6eaec); }
:host([hidden]) { display: none; }
:host([data-theme="light"]) { color-scheme: light; }
:host([data-theme="dark"]) { color-scheme: dark; }
.idle { position: absolute; z-index: 1; right: 8px; bottom: 8px; display: flex; align-items: center; gap: 8px; }
button { height: 28px; padding: 0 10px; border: 1px solid var(--redlab-accent); border-radius: 4px; background: var(--redlab-accent); color: var(--redlab-on-accent); font: 600 12px/18px system-ui, sans-serif; cursor: pointer; }
button:focus-visible { outline: 2px solid var(--redlab-ink); outline-offset: 1px; }
button[disabled] { cursor: progress; opacity: .8; }
.say { padding: 2px 6px; border-radius: 2px; background: var(--redlab-bg); color: var(--redlab-ink); font: 12px/18px system-ui, sans-serif; }
.say:empty { display: none; }
@media (pointer: coarse) { button { height: 40px; padding: 0 16px; } }
`;
const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

/** The commands in a code block. With prompts in it only what stands behind one is a command. @param {string} text */
export function commands(text) {
  const lines = text.split(/\r?\n/).map((l) => l.trim());
  const prompt = /^(?:[\w.-]*:?\d*(?:\[\d+\])?(?:\(TX\))?|redis(?:-cli)?)> ?/;
  const typed = lines.filter((l) => prompt.test(l)).map((l) => l.replace(prompt, ""));
  return (typed.length ? typed : lines).filter((l) => l && !l.startsWith("#"));
}

/** Whether an element stands on dark ground. @param {Element | null} el */
function isDark(el) {
  for (; el; el = el.parentElement) {
    const [r, g, b, a = 1] = (getComputedStyle(el).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (b !== undefined && a > 0.5) return 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
  }
  return getComputedStyle(document.documentElement).colorScheme.startsWith("dark");
}

/** A script of ours, once. A classic one: the host need not allow cross-origin modules. @type {Map<string, Promise<void>>} */
const loading = new Map();
/** @param {string} src */
function load(src) {
  let promise = loading.get(src);
  if (!promise) {
    promise = new Promise((resolve, reject) => {
      const tag = document.createElement("script");
      tag.src = src;
      tag.onload = () => resolve();
      tag.onerror = () => {
        loading.delete(src);
        tag.remove();
        reject(new Error(`${src} could not be loaded`));
      };
      document.head.append(tag);
    });
    loading.set(src, promise);
  }
  return promise;
}

/** Where the second script leaves its door. */
const doors = /** @type {any} */ (globalThis);

export class RedlabSandbox extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  #button = document.createElement("button");
  #say = document.createElement("span");
  #idle = document.createElement("div");
  #slot = document.createElement("slot");
  /** @type {Promise<Mounted> | null} */
  #mounted = null;
  /** @type {IntersectionObserver | null} */
  #seen = null;
  #pages = new MutationObserver(() => this.#theme());

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet];
    this.#button.type = "button";
    this.#button.textContent = "Run";
    this.#button.part.add("run");
    this.#button.addEventListener("click", () => this.activate(true).catch(() => {}));
    this.#say.className = "say";
    this.#say.setAttribute("role", "status");
    this.#idle.className = "idle";
    this.#idle.part.add("idle");
    this.#idle.append(this.#say, this.#button);
    this.#root.append(this.#slot, this.#idle);
  }

  connectedCallback() {
    this.#theme();
    for (const el of [document.documentElement, document.body])
      if (el)
        this.#pages.observe(el, {
          attributes: true,
          attributeFilter: ["class", "data-theme", "style", "data-md-color-scheme"],
        });
    const name = this.lines[0]?.split(" ")[0] ?? this.getAttribute("lesson") ?? "";
    this.#button.setAttribute(
      "aria-label",
      `Run in this page: ${name ? `${this.lines.length || ""} ${this.lines.length === 1 ? "command" : "commands"}, ${name} …` : "a Redis"}`,
    );
    const when = this.getAttribute("activate");
    if (when === "eager") this.activate(false).catch(() => {});
    if (when === "visible" && !this.#seen) {
      this.#seen = new IntersectionObserver(
        (all) => all.some((e) => e.isIntersecting) && (this.#seen?.disconnect(), this.activate(false).catch(() => {})),
      );
      this.#seen.observe(this);
    }
  }

  disconnectedCallback() {
    this.#seen?.disconnect();
    this.#pages.disconnect();
    // Moved within the page it is connected again at once.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#mounted?.then(
        (m) => m.unmount(),
        () => {},
      );
      this.#mounted = null;
      this.#root.replaceChildren(this.#slot, this.#idle);
      this.#root.adoptedStyleSheets = [sheet];
    });
  }

  static observedAttributes = ["theme"];
  attributeChangedCallback() {
    if (this.isConnected) this.#theme();
  }

  #theme() {
    const theme = this.getAttribute("theme");
    this.dataset.theme = theme === "light" || theme === "dark" ? theme : isDark(this.parentElement) ? "dark" : "light";
  }

  /** The block that it belongs to: inside, named by `for`, or right before it. @returns {Element | null} */
  get source() {
    const id = this.getAttribute("for");
    if (id) return document.getElementById(id);
    if (this.querySelector("pre, code")) return this.querySelector("pre, code");
    const before = this.previousElementSibling;
    return before?.matches("pre, :has(> pre), :has(> code)") ? before : null;
  }

  /** The commands of that block. */
  get lines() {
    return commands(this.source?.textContent ?? "");
  }

  get base() {
    return new URL(this.getAttribute("base") ?? BASE, document.baseURI).href;
  }

  /** Loads the rest and runs the block's commands. @param {boolean} click whether somebody asked for it, and may be given the focus */
  activate(click = false) {
    this.#mounted ??= this.#mount(click);
    return this.#mounted;
  }

  /** @param {boolean} click @returns {Promise<Mounted>} */
  async #mount(click) {
    this.#button.disabled = true;
    const slow = setTimeout(() => (this.#say.textContent = "Loading a Redis …"), 150);
    try {
      await load(new URL("embed-view.js", this.base).href);
      const mounted = await doors[Symbol.for("redlab.mount")](this, this.#root, {
        lines: this.lines,
        click,
        base: this.base,
      });
      this.dispatchEvent(new CustomEvent("redlab-ready", { bubbles: true, composed: true }));
      return mounted;
    } catch (e) {
      this.#mounted = null;
      this.#button.disabled = false;
      const message = e instanceof Error ? e.message : String(e);
      this.#say.textContent = `It could not start: ${message}`;
      this.dispatchEvent(new CustomEvent("redlab-error", { bubbles: true, composed: true, detail: { message } }));
      throw e;
    } finally {
      clearTimeout(slow);
    }
  }

  /** Runs commands; without any, those of the block again. @param {string | string[]} [lines] */
  async run(lines) {
    const fresh = !this.#mounted;
    const m = await this.activate();
    if (lines === undefined && fresh) return; // the block's commands have just run
    return m.run(typeof lines === "string" ? commands(lines) : lines);
  }

  /** An empty Redis again. */
  async reset() {
    return (await this.activate()).reset();
  }

  /** An empty Redis that has run these commands. @param {string | string[]} lines */
  async load(lines) {
    return (await this.activate()).load(typeof lines === "string" ? commands(lines) : lines);
  }

  /** The data as an append-only file. @returns {Promise<Uint8Array>} */
  async snapshot() {
    return (await this.activate()).snapshot();
  }
}

/**
 * Turns code blocks into runnable ones: a sandbox behind each.
 * @param {string} [selector]
 */
export function upgrade(selector = "code.language-redis") {
  for (const code of document.querySelectorAll(selector)) {
    const block = code.closest("pre") ?? code;
    if (block.nextElementSibling?.localName === "redlab-sandbox" || block.closest("redlab-sandbox")) continue;
    block.after(document.createElement("redlab-sandbox"));
  }
}

if (!customElements.get("redlab-sandbox")) customElements.define("redlab-sandbox", RedlabSandbox);
const wanted = script?.dataset.upgrade;
if (wanted !== undefined) {
  const go = () => upgrade(wanted || undefined);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", go);
  else go();
}

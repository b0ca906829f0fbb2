/**
 * embed-view.js, what embed.js loads at the click: the terminal, the views and the lesson, drawn in the host's page inside
 * the element's shadow root. Styles are adopted sheets, so that a strict content security policy of the host is no matter.
 *
 * @import { Mounted, MountOptions } from "./embed.js"
 * @import { Session, World, WorldOptions } from "../protocol.js"
 */
import app from "../app.css?inline";
import { h } from "../dom.js";
import lessonStyle from "../lesson/lesson.css?inline";
import { RedlabLesson } from "../lesson/lesson.js";
import { encodeCommand, parseAll } from "../resp.js";
import { Docs } from "../terminal/docs.js";
import { History } from "../terminal/history.js";
import { RedlabTerminal } from "../terminal/terminal.js";
import viewStyle from "../views/views.css?inline";
import { firstOf } from "../views/registry.js";
import { RedlabViews } from "../views/views.js";
import { engine } from "./engine.js";
import own from "./embed.css?inline";
import { forget, watch } from "./sight.js";

import.meta.glob("../views/*.view.js", { eager: true });

const NODE = "n1";
const PORT = 6379;
const START_MS = Date.UTC(2026, 0, 5, 9);

/** Our page's styles for a shadow root: what is said of the page holds for the host element; sizes must not follow the host's root. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(
  [app, viewStyle, lessonStyle, own]
    .join("\n")
    .replace(/:root\[([^\]]+)\]/g, ":host([$1])")
    .replaceAll(":root", ":host")
    .replace(/(\d*\.?\d+)rem\b/g, (_, n) => `${Number(n) * 16}px`),
);

/** @param {World} world */
async function loadDocs(world) {
  const session = await world.connect();
  const { out } = await session.exec(encodeCommand(["COMMAND", "DOCS"]));
  await session.close();
  const reply = parseAll(out)[0];
  return reply && "items" in reply ? Docs.fromReply(reply) : new Docs();
}

/** One below the heading that stands before an element. @param {HTMLElement} host */
function levelAt(host) {
  const before = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(
    (x) => x.compareDocumentPosition(host) & Node.DOCUMENT_POSITION_FOLLOWING,
  );
  return Math.min(6, Number(before.at(-1)?.tagName[1] ?? 1) + 1);
}

/**
 * @param {HTMLElement} host
 * @param {ShadowRoot} root
 * @param {MountOptions} options
 * @returns {Promise<Mounted>}
 */
async function mount(host, root, { lines, click, base }) {
  const shared = await engine(base);
  const id = host.getAttribute("lesson");
  const lesson = id ? await shared.lesson(id) : null;
  if (lesson?.world) throw new Error("this lesson has several nodes: it opens in the lab only");
  const name = host.getAttribute("session");
  /** @type {WorldOptions} */
  const options = {
    name: null,
    seed: host.getAttribute("seed") ?? "1",
    start_ms: START_MS,
    ...(lesson ? { lesson: lesson.data } : {}),
  };
  const world = await shared.world(lesson ? null : name, options);
  const session = await world.connect();
  const startMs = world.info.now_ms;

  const terminal = new RedlabTerminal();
  terminal.part.add("terminal");
  const docs = shared.docs(() => loadDocs(world));
  terminal.start({ world, session, host: NODE, port: PORT, history: new History(), docs, startMs, hints: true });
  const readonly = host.hasAttribute("readonly");
  terminal.classList.toggle("readonly", readonly);

  const tell = (/** @type {string} */ type, /** @type {object} */ detail) =>
    host.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, detail }));
  const wanted = (host.getAttribute("views") ?? "").split(/[\s,]+/).filter(Boolean);
  const views = wanted.length && firstOf(wanted).length ? new RedlabViews() : null;
  const level = levelAt(host);
  if (views) {
    views.part.add("views");
    views.level = level;
  }
  const type = (/** @type {string} */ line) => terminal.type(line);

  terminal.addEventListener("redlab-command", (e) => {
    // The element's own event is for the host page; inside stays what is ours.
    e.stopPropagation();
    const d = /** @type {CustomEvent} */ (e).detail;
    views?.command(d);
    tell("redlab-command", { argv: d.argv, reply: d.reply, node: NODE, at_ms: d.at_ms - startMs });
  });
  terminal.addEventListener("redlab-quit", (e) => e.stopPropagation());

  /** @type {RedlabLesson | null} */
  let text = null;
  if (lesson) {
    text = new RedlabLesson().init(lesson, { title: "", place: "", prev: "", next: "" });
    text.part.add("lesson");
    text.level = level;
    text.start({ world, client: shared.client, type });
  }
  const reset = async () => {
    await world.reset();
    terminal.clear();
  };
  const lab = new URL(lesson ? `./#lesson/${id}` : "./", base).href;
  const head = h(
    "div",
    { class: "head", part: "head" },
    h("b", { class: "node A", "aria-hidden": "true" }, "A"),
    h("span", null, NODE),
    h("span", { class: "meta" }, lesson ? lesson.title : name ? `session ${name}` : "in this page only"),
    h("button", { class: "btn bare", type: "button", part: "reset", onclick: () => reset() }, "Reset"),
    h("a", { href: lab, target: "_blank", rel: "noopener" }, "Open in the lab"),
  );
  const layout = host.getAttribute("layout") ?? (lesson ? "split" : "compact");
  const body = h("div", { class: "main", part: "body" }, text, h("div", { class: "live" }, terminal), views);
  const frame = h(
    "div",
    {
      class: `frame ${layout}`,
      part: "frame",
      role: "group",
      "aria-label": lesson ? `Lesson: ${lesson.title}` : "Redis in this page",
    },
    head,
    body,
  );
  const height = Number(host.getAttribute("height"));
  if (height >= 160) frame.style.height = `${height}px`;
  root.adoptedStyleSheets = [sheet];
  const inside = Boolean(host.querySelector("pre, code"));
  root.replaceChildren(...(inside || !host.childNodes.length ? [] : [document.createElement("slot")]), frame);
  host.dataset.live = "";
  watch(host, world);
  views?.start({ session, world, type, views: wanted });
  if (click && !readonly) terminal.focus();

  const goal = (/** @type {Event} */ e) =>
    e.target !== host && (e.stopPropagation(), tell(e.type, /** @type {CustomEvent} */ (e).detail));
  text?.addEventListener("redlab-goal", goal);
  text?.addEventListener("redlab-complete", goal);
  world.addEventListener("trap", (e) =>
    tell("redlab-error", { message: /** @type {CustomEvent} */ (e).detail.message }),
  );

  if (lines.length) await terminal.run(lines);
  return {
    run: (more) => terminal.run(more ?? lines),
    reset,
    async load(more) {
      await reset();
      await terminal.run(more);
    },
    snapshot: () => world.download(),
    unmount() {
      forget(host);
      session.close().catch(() => {});
      if (!name || lesson) world.close().catch(() => {});
    },
  };
}

/** @type {any} */ (globalThis)[Symbol.for("redlab.mount")] = mount;

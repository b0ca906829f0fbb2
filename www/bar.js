/**
 * The bar on top: where one is, the seed, whether what is typed is kept, theme, data in and out.
 *
 * @import { EngineClient, Saved, World } from "./protocol.js"
 */
import { h, saveFile, size } from "./dom.js";
import { ESTATES } from "./estates.js";

/** @param {string} theme */
export function applyTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** The theme chosen before; read at once, so that the first paint is right. Storage may be refused. */
export function storedTheme() {
  try {
    return localStorage.getItem("redlab-theme") ?? "auto";
  } catch {
    return "auto";
  }
}

/** @param {string} theme */
function keepTheme(theme) {
  try {
    localStorage.setItem("redlab-theme", theme);
  } catch {
    // it lasts as long as the page
  }
}

/** What of the sandbox would be there again. @param {Saved} saved */
function savedWords({ aof, unsynced }) {
  if (!aof) return "The append-only file is off: what is written now is in memory only.";
  const kept = "What is on the disk's platter is in this browser's storage";
  return unsynced
    ? `${kept}; ${size(unsynced)} in the page cache would be lost now.`
    : `${kept}, with every write that was acknowledged.`;
}

/** What the button says, and its menu, of what is not saved as it should be. @type {Record<string, string>} */
const WORDS = { memory: "in memory", full: "disk full" };
/** @type {Record<string, string>} */
const HEADINGS = { memory: "In memory", full: "The disk is full" };

export class Bar {
  #sandbox = h("a", { href: "#" }, "Sandbox");
  #lesson = h("button", { type: "button", popovertarget: "lesson-menu" });
  #lessons = h("div", { class: "menu places", id: "lesson-menu", popover: "auto", "aria-label": "Lessons" });
  #estate = h("button", { type: "button", popovertarget: "estate-menu" });
  #estates = h("div", { class: "menu places", id: "estate-menu", popover: "auto", "aria-label": "Several nodes" });
  #nav = h("nav", { "aria-label": "Lab" }, this.#sandbox, this.#lesson, this.#lessons, this.#estate, this.#estates);
  #seed = h("b");
  #saved = h("button", { class: "saved", type: "button", popovertarget: "data-menu" });
  #data = h("button", { class: "btn", type: "button", popovertarget: "data-menu" }, "Data");
  #menu = h("div", { class: "menu", id: "data-menu", popover: "auto", "aria-label": "Data" });
  #refused = h("p", { class: "refused", role: "alert" });
  reopen = h("div", { class: "reopen" });
  #world = /** @type {World} */ (/** @type {any} */ (null));

  /** @param {HTMLElement} root */
  constructor(root) {
    const theme = h(
      "select",
      { id: "theme", onchange: () => (applyTheme(theme.value), keepTheme(theme.value)) },
      h("option", { value: "auto" }, "Auto"),
      h("option", { value: "light" }, "Light"),
      h("option", { value: "dark" }, "Dark"),
    );
    theme.value = storedTheme();
    root.append(
      this.#nav,
      h("div", { class: "facts" }, this.reopen, h("span", { class: "seed" }, "seed ", this.#seed), this.#saved),
      h("label", { class: "sr", for: "theme" }, "Theme"),
      theme,
      this.#data,
      this.#menu,
    );
    for (const menu of [this.#lessons, this.#estates])
      menu.addEventListener("click", (e) => {
        if (/** @type {Element} */ (e.target).closest("a")) menu.hidePopover();
      });
    this.#menu.addEventListener("toggle", (e) => /** @type {any} */ (e).newState === "open" && this.#fill());
  }

  /** The sandbox, and the lessons by their tracks. @param {{id: string, title: string, track: string}[]} lessons @param {string} [current] id of the one that is open @param {string} [estate] the world of several nodes that is open */
  setPlaces(lessons, current, estate) {
    const open = lessons.find((l) => l.id === current);
    if (open || estate) this.#sandbox.removeAttribute("aria-current");
    else this.#sandbox.setAttribute("aria-current", "page");
    this.#lesson.textContent = open?.title ?? "Lessons";
    this.#lesson.classList.toggle("here", Boolean(open));
    this.#lesson.hidden = !lessons.length;
    const tracks = [...new Set(lessons.map((l) => l.track))].map((track) => [
      h("h2", null, track),
      h(
        "ol",
        null,
        lessons
          .filter((l) => l.track === track)
          .map((l) =>
            h("li", null, h("a", { href: `#lesson/${l.id}`, "aria-current": l === open && "page" }, l.title)),
          ),
      ),
    ]);
    // A narrow window has no room for the link beside the menu.
    const sandbox = h("a", { class: "sandbox", href: "#", "aria-current": !open && !estate && "page" }, "Sandbox");
    this.#lessons.replaceChildren(sandbox, ...tracks.flat());
    this.#estate.textContent = ESTATES.find(([id]) => id === estate)?.[1] ?? "Nodes";
    this.#estate.classList.toggle("here", Boolean(estate));
    const link = (/** @type {string[]} */ [id, title]) =>
      h("li", null, h("a", { href: `#estate/${id}`, "aria-current": id === estate && "page" }, title));
    this.#estates.replaceChildren(h("ol", null, ESTATES.map(link)));
  }

  /** @param {World} world */
  setWorld(world) {
    this.#world = world;
    this.#seed.textContent = world.info.seed;
    this.setSaved(world.info.saved);
  }

  /** A world that is kept nowhere, and has no file to take away. @param {string} seed */
  setEstate(seed) {
    this.#seed.textContent = seed;
    this.#saved.hidden = this.#data.hidden = true;
  }

  /** @param {Saved} saved */
  setSaved(saved) {
    this.#saved.hidden = this.#data.hidden = false;
    const kept = saved.state === "saved" && saved.aof;
    const words = kept ? "saved" : (WORDS[saved.state] ?? "not saved");
    this.#saved.className = `saved${kept ? "" : saved.state === "memory" ? " mem" : " not"}`;
    this.#saved.replaceChildren(
      words,
      kept ? h("b", { class: "amount" }, size(saved.bytes)) : "",
      kept && saved.unsynced ? h("b", { class: "amount" }, ` + ${size(saved.unsynced)} in the page cache`) : "",
    );
    this.#saved.title = saved.reason || savedWords(saved);
  }

  #fill() {
    const world = this.#world;
    const { saved } = world.info;
    const pick = h("input", {
      type: "file",
      hidden: true,
      "aria-label": "File to load",
      onchange: () => this.#upload(pick.files?.[0]),
    });
    const reset = h(
      "button",
      { class: "btn danger", type: "button", onclick: () => this.#confirm(reset) },
      "Empty the sandbox",
    );
    this.#refused.textContent = "";
    this.#menu.replaceChildren(
      h(
        "h2",
        null,
        saved.state === "saved"
          ? `Saved in this browser, ${size(saved.bytes)}`
          : (HEADINGS[saved.state] ?? "Not saved"),
      ),
      h(
        "p",
        null,
        saved.state === "saved"
          ? `${savedWords(saved)} A reload is a power cut.`
          : saved.state === "full"
            ? `${saved.reason} ${size(saved.bytes)} are saved and stay; the server refuses what it cannot keep.`
            : `${saved.reason} What you type is lost when this page closes.`,
      ),
      h(
        "div",
        { class: "row" },
        h(
          "button",
          { class: "btn", type: "button", onclick: async () => saveFile("redlab.aof", await world.download()) },
          "Download as AOF",
        ),
        saved.bytes
          ? h(
              "button",
              {
                class: "btn",
                type: "button",
                onclick: async () => saveFile("redlab.tar", await world.downloadFiles()),
              },
              "Download the files",
            )
          : "",
        h("button", { class: "btn", type: "button", onclick: () => pick.click() }, "Load a file …"),
        pick,
      ),
      h("p", null, "An AOF, an RDB snapshot, or the files that were downloaded. Loading replaces what is here."),
      this.#refused,
      h("hr"),
      h("p", null, "Emptying deletes every key of this sandbox, for good."),
      h("div", { class: "row" }, reset),
    );
  }

  /** Asks once more in the same place. @param {HTMLElement} button */
  #confirm(button) {
    const no = h("button", { class: "btn", type: "button", onclick: () => this.#fill() }, "Keep it");
    button.replaceWith(
      h(
        "button",
        {
          class: "btn danger",
          type: "button",
          onclick: async () => {
            await this.#world.reset();
            this.#menu.hidePopover();
          },
        },
        "Delete everything",
      ),
      no,
    );
    no.focus();
  }

  /** @param {File | undefined} file */
  async #upload(file) {
    if (!file) return;
    try {
      await this.#world.upload(await file.arrayBuffer());
      this.#menu.hidePopover();
    } catch (e) {
      this.#refused.textContent = `${file.name} was not loaded, and nothing has changed: ${/** @type {Error} */ (e).message}.`;
    }
  }
}

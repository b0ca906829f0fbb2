/**
 * A snapshot file: its bytes field by field, with what each says. A byte can be changed, to see what a server makes of it.
 *
 * @import { Actions } from "./registry.js"
 */
import { h, int, size } from "../dom.js";
import { fileControls, hex, moment, roleOf, shownOf } from "./files.js";
import { plural, table } from "./parts.js";
import { register } from "./registry.js";
import { pages, Rows } from "./rows.js";

/**
 * @typedef {{at: number, len: number, head: number, section: string, kind: string, text: string, at_ms?: number, hex: string[]}} Field
 * @typedef {{first: number, fields: Field[]}} Fields
 */

const ROWS_A_PAGE = 50;
/** Bytes in a row. */
const SHOWN = 6;
/** Bytes of a field that can be seen and changed at a time. */
const OPEN = 64;

/** What a field says. @param {Field} f */
const meaning = (f) =>
  f.at_ms === undefined ? f.text : `${f.text.replace(/, in m?s since 1970$/, "")} ${moment(f.at_ms)}`;

/** @param {Field} f */
const nameOf = (f) => `${f.section} · byte ${hex(f.at)}, ${plural(f.len, "byte")} · ${f.kind} · ${meaning(f)}`;

/** A byte as a letter. @param {number} b */
const letter = (b) => (b > 32 && b < 127 ? String.fromCharCode(b) : "·");

/** The fields of a file in rows, and one of them byte by byte. */
class Drawing {
  #rows = new Rows("Fields of the file; up and down arrows go from field to field", (first, count) =>
    this.#draw(first, count),
  );
  #open = h("div", { class: "open" });
  #live = h("p", { class: "sr", role: "status" });
  /** @type {any} */
  #model = null;
  #path = "";
  /** The field that is open, by its number. */
  #at = -1;
  /** @type {Field | null} */
  #field = null;
  /** The byte that is to be changed. */
  #byte = -1;

  /** @param {Actions} act */
  constructor(act) {
    this.act = act;
    this.el = h("div", { class: "rdb" }, this.#rows.el, this.#open, this.#live);
    this.#rows.el.addEventListener("keydown", (e) => this.#key(e));
    this.#rows.el.addEventListener("click", (e) => {
      const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (e.target).closest("[data-number]"));
      if (row) this.#choose(Number(row.dataset.number));
    });
  }

  /** @param {any} model */
  update(model) {
    this.#model = model;
    if (this.#path !== model.shown) {
      this.#path = model.shown;
      this.#at = -1;
      this.#open.replaceChildren();
      this.#rows.show(0);
    }
    this.#rows.set(model.fields);
    if (this.#at >= 0) this.#choose(this.#at, this.#byte);
  }

  /** @param {number} first @param {number} count @returns {Promise<Field[] | null>} */
  async #ask(first, count) {
    const found = /** @type {Fields | null} */ (
      await this.act.files.ask("fields", [this.#model.shown, String(first), String(count)])
    );
    return found && found.fields;
  }

  /** @param {number} first @param {number} count */
  async #draw(first, count) {
    const before = Math.min(first, 1);
    const fields = await this.#ask(first - before, count + before);
    if (!fields) return null;
    return fields.slice(before).map((f, i) => {
      const fresh = fields[i + before - 1]?.section !== f.section;
      const bytes = f.hex.slice(0, SHOWN);
      const more = f.len - bytes.length;
      return h(
        "div",
        {
          class: `field-row${fresh ? " fresh" : ""}${f.kind === "unreadable" ? " broken" : ""}${first + i === this.#at ? " on" : ""}`,
          "data-number": first + i,
          "data-name": nameOf(f),
        },
        h("b", { class: "sec" }, fresh || i === 0 ? f.section : ""),
        h("span", { class: "off" }, hex(f.at)),
        h(
          "span",
          { class: "hex" },
          h("b", null, bytes.slice(0, f.head).join(" ")),
          f.head ? " " : "",
          bytes.slice(f.head).join(" "),
          more > 0 && h("i", null, ` +${int(more)}`),
        ),
        h("span", { class: "says" }, meaning(f)),
      );
    });
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const last = this.#model.fields - 1;
    const page = this.#rows.shown - 1;
    const to = {
      ArrowDown: this.#at + 1,
      ArrowUp: this.#at - 1,
      PageDown: this.#at + page,
      PageUp: this.#at - page,
      Home: 0,
      End: last,
    }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    this.#choose(Math.max(0, Math.min(last, to)));
  }

  /** Opens a field. @param {number} number @param {number} [byte] the one to change */
  async #choose(number, byte = -1) {
    const same = number === this.#at && byte >= 0;
    const [field] = (await this.#ask(number, 1)) ?? [];
    if (!field) return;
    [this.#at, this.#field] = [number, field];
    const shown = Math.min(field.len, OPEN);
    const bytes = await this.act.files.ask("bytes", [this.#model.shown, String(field.at), String(shown)]);
    if (!bytes) return;
    if (!same) this.#rows.show(number);
    for (const row of this.#rows.el.querySelectorAll("[data-number]"))
      row.classList.toggle("on", Number(/** @type {HTMLElement} */ (row).dataset.number) === number);
    this.#byte = byte;
    this.#drawOpen(bytes.text);
    const name = nameOf(field);
    this.act.files.point("rdb", name);
    if (this.#live.textContent !== name) this.#live.textContent = name;
  }

  /** @param {string} text the field's bytes */
  #drawOpen(text) {
    const f = /** @type {Field} */ (this.#field);
    const root = /** @type {Document | ShadowRoot} */ (this.#open.getRootNode());
    // Who is at work here is not disturbed.
    if (this.#open.contains(root.activeElement) && root.activeElement?.tagName === "INPUT") return;
    const byte = (/** @type {string} */ c, /** @type {number} */ i) =>
      h(
        "button",
        {
          type: "button",
          class: `byte${i < f.head ? " head" : ""}`,
          "aria-pressed": String(f.at + i === this.#byte),
          onclick: () => {
            this.#byte = f.at + i;
            this.#drawOpen(text);
            this.#open.querySelector("input")?.focus();
          },
        },
        h("span", { class: "sr" }, `Byte ${hex(f.at + i)}: `),
        c.charCodeAt(0).toString(16).padStart(2, "0"),
        h("i", { "aria-hidden": "true" }, letter(c.charCodeAt(0))),
      );
    this.#open.replaceChildren(
      h("p", null, h("b", null, f.kind), ` · ${meaning(f)}`),
      h("div", { class: "bytes", role: "group", "aria-label": "Bytes of the field" }, [...text].map(byte)),
      f.len > OPEN ? h("p", { class: "dim" }, `and ${int(f.len - OPEN)} more bytes`) : "",
      this.#form(text),
    );
  }

  /** @param {string} text */
  #form(text) {
    if (this.act.files.world()?.several) return "";
    const f = /** @type {Field} */ (this.#field);
    const at = this.#byte;
    if (at < f.at || at >= f.at + text.length) return h("p", { class: "dim" }, "Choose a byte to change it.");
    const now = text.charCodeAt(at - f.at);
    const input = h("input", {
      class: "field",
      value: now.toString(16).padStart(2, "0"),
      maxlength: "2",
      size: "2",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `Byte ${hex(at)}, two hexadecimal digits`,
    });
    const write = async (/** @type {number} */ value) => {
      input.blur();
      const done = await this.act.files.world().edit(this.#model.shown, at, value);
      this.act.files.say(
        "rdb",
        done
          ? `Byte ${hex(at)} was ${now.toString(16).padStart(2, "0")} and is ${value.toString(16).padStart(2, "0")} now. The server reads it when it starts again.`
          : "That byte is not on the platter yet.",
      );
      this.act.files.refresh();
      await this.#choose(this.#at, at);
    };
    return h(
      "form",
      {
        class: "row",
        onsubmit: (/** @type {Event} */ e) => {
          e.preventDefault();
          if (/^[0-9a-f]{1,2}$/i.test(input.value)) write(parseInt(input.value, 16));
        },
      },
      h("label", null, `Byte ${hex(at)} `, input),
      h("button", { class: "btn", type: "submit" }, "Write it"),
      h("button", { class: "btn", type: "button", onclick: () => write(now ^ 1) }, "Flip its lowest bit"),
    );
  }
}

/** @type {WeakMap<Actions, Drawing>} */
const drawings = new WeakMap();

/** @param {any} m */
function summary(m) {
  const file = shownOf(m);
  if (!file) return ["There is no snapshot."];
  const whose = file.brought ? "It was brought here; no server has read it." : "";
  if (!m.through) return [h("b", null, size(file.bytes)), `, gone through up to ${size(m.walked)}. ${whose}`];
  const found = `${plural(m.keys, "key")} in ${plural(m.fields, "field")}`;
  const behind = m.whole && m.end < file.bytes ? ` Behind it stand ${size(file.bytes - m.end)} of commands.` : "";
  const verdict = m.whole
    ? [/does not fit/.test(m.last) ? h("b", { class: "bad" }, "The checksum does not fit") : "The checksum fits", ". "]
    : [h("b", { class: "bad" }, `Nothing can be read from byte ${hex(m.walked)} on`), `: ${m.last}. `];
  const sum = /fit/.test(m.last) || !m.whole ? verdict : [`${m.last}. `];
  return [h("b", null, size(file.bytes)), `: ${found}. `, sum, whose, behind];
}

register({
  id: "rdb",
  title: "RDB",
  model: "rdb",
  accepts: (m) => Array.isArray(m.files),
  meta: (m) => {
    const file = shownOf(m);
    return file ? `${file.name} · ${roleOf(file)} · ${size(file.bytes)}` : "";
  },
  summary,
  controls: (m, act) => fileControls("rdb", m, act, false),
  draw(m, _, act) {
    const drawing = drawings.get(act) ?? new Drawing(act);
    drawings.set(act, drawing);
    drawing.update(m);
    return drawing.el;
  },
  table: (m, act) =>
    pages({
      count: m.fields,
      size: ROWS_A_PAGE,
      first: act.files.page("rdb", m.shown, 0),
      turn: (first) => act.files.turn("rdb", m.shown, first),
      what: "fields",
      fill: async (first, count) => {
        const found = /** @type {Fields | null} */ (
          await act.files.ask("fields", [m.shown, String(first), String(count)])
        );
        return (
          found &&
          table(
            "Fields of the file",
            ["part", "byte", "bytes #", "what", "meaning"],
            found.fields.map((f) => [f.section, hex(f.at), int(f.len), f.kind, meaning(f)]),
          )
        );
      },
    }),
  tools: ["SAVE", "BGSAVE"],
  empty: ["There is no snapshot yet: type ", { line: "SAVE" }, " or open a file."],
});

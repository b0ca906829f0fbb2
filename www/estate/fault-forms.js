/**
 * What can be set of a machine's disk and of a link, beside what one button does. Each does what a terminal's `:disk`, `:flip`,
 * `:crash` and `:link` do.
 *
 * @import { Disk, Link, Model } from "./world.js"
 * @typedef {(act: Record<string, any>) => void} Do
 */
import { h, int, size } from "../dom.js";
import { span } from "./marks.js";

/** @type {[string, string][]} */
const DISKS = [
  ["slow", "Slow disk"],
  ["full", "Full disk"],
  ["broken", "Failing disk"],
  ["well", "Disk well again"],
];

/** @param {Record<string, any>} more */
const numberInput = (more) => h("input", { type: "number", min: "0", step: "1", inputmode: "numeric", ...more });

export class DiskForm {
  #facts = h("p", { class: "facts" });
  #file = h("select", { id: "flip-file" });
  #byte = numberInput({ id: "flip-byte", value: "0" });
  #torn = numberInput({ id: "torn-bytes", value: "20" });
  #buttons = DISKS.map(([what, words]) =>
    h("button", { class: "btn", type: "button", onclick: () => this.#hand(`:disk ${this.host} ${what}`) }, words),
  );
  #flip = h("button", { class: "btn", type: "button", onclick: () => this.#flips() }, "Flip a bit");
  #files = "";

  /** @param {string} host @param {Do} act */
  constructor(host, act) {
    this.host = host;
    this.act = act;
    const crash = () => this.#hand(`:crash ${host} ${this.#torn.value || 0}`);
    this.el = h(
      "div",
      { class: "fault-form", role: "group", "aria-label": `Disk of ${host}` },
      h("h4", null, "Disk"),
      this.#facts,
      h("div", { class: "controls" }, this.#buttons),
      h(
        "div",
        { class: "controls" },
        h("label", { for: this.#byte.id }, "Byte"),
        this.#byte,
        h("label", { for: this.#file.id }, "of"),
        this.#file,
        this.#flip,
      ),
      h(
        "div",
        { class: "controls" },
        h("label", { for: this.#torn.id }, "Of the write at work"),
        this.#torn,
        "bytes arrive:",
        h("button", { class: "btn", type: "button", onclick: crash }, "Cut the power in it"),
      ),
    );
  }

  /** @param {string} line */
  #hand(line) {
    this.act({ act: "hand", line });
  }

  #flips() {
    this.act({ act: "flip", host: this.host, path: this.#file.value, offset: Number(this.#byte.value) || 0, bit: 0 });
  }

  /** @param {Model} model */
  update({ hosts }) {
    const disk = hosts.find(({ name }) => name === this.host)?.disk;
    if (!disk) return;
    const words = diskWords(disk);
    if (this.#facts.textContent !== words) this.#facts.textContent = words;
    // The last one mends; a disk that is well needs none.
    this.#buttons[3].hidden = isWell(disk);
    const kept = disk.files.filter(({ platter }) => platter > 0);
    this.#flip.disabled = !kept.length;
    const files = kept.map(({ path, platter }) => `${path} ${platter}`).join();
    if (files === this.#files || document.activeElement === this.#file) return;
    this.#files = files;
    const before = this.#file.value;
    this.#file.replaceChildren(
      ...kept.map(({ path, platter }) =>
        h("option", { value: path }, `${path.split("/").at(-1)} (${size(platter)} on the platter)`),
      ),
    );
    if (kept.some(({ path }) => path === before)) this.#file.value = before;
    else if (kept.length) this.#file.value = (kept.find(({ path }) => path.includes(".incr.")) ?? kept[0]).path;
  }
}

/** @param {Disk} disk */
const isWell = ({ room, failing_writes, failing_syncs, flush_us, bytes_per_s }) =>
  room === undefined && !failing_writes && !failing_syncs && flush_us <= 1000 && bytes_per_s >= 500_000_000;

/** @param {Disk} disk */
function diskWords({ room, used, failing_writes, failing_syncs, flush_us, bytes_per_s }) {
  const parts = [`An fsync takes ${span(flush_us)} at least, ${size(bytes_per_s)}/s`, `${size(used)} of files`];
  if (room !== undefined) parts.push(room <= used ? "full: not a byte more fits" : `room for ${size(room)}`);
  if (failing_writes) parts.push(`the next ${int(failing_writes)} writes fail`);
  if (failing_syncs) parts.push(`the next ${int(failing_syncs)} fsyncs fail`);
  return `${parts.join(" · ")}.`;
}

/** What a link has, and how it is shown: field, words, unit, how many of the field are one of the unit. @type {[keyof Link, string, string, number][]} */
const FIELDS = [
  ["latency_us", "Latency", "ms", 1000],
  ["jitter_us", "Jitter, at most", "ms", 1000],
  ["loss_ppm", "Loss", "%", 10_000],
  ["bytes_per_s", "Bandwidth, 0: any", "kB/s", 1000],
];

export class LinkForm {
  /** @type {{input: HTMLInputElement, from: string, to: string, field: keyof Link, unit: number}[]} */
  #inputs = [];
  /** @type {Link[]} */
  #links = [];

  /** @param {string} a @param {string} b @param {Do} act */
  constructor(a, b, act) {
    this.act = act;
    const ways = [
      [a, b],
      [b, a],
    ];
    this.el = h(
      "table",
      { class: "fault-form tbl" },
      h("caption", { class: "sr" }, `Both directions of the link of ${a} and ${b}`),
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("td"),
          ways.map(([from, to]) => h("th", { scope: "col" }, `${from} → ${to}`)),
        ),
      ),
      h(
        "tbody",
        null,
        FIELDS.map(([field, words, unit, per]) =>
          h(
            "tr",
            null,
            h("th", { scope: "row" }, words),
            ways.map(([from, to]) => h("td", null, this.#input(from, to, field, `${words}, ${unit}`, per), ` ${unit}`)),
          ),
        ),
      ),
    );
  }

  /** @param {string} from @param {string} to @param {keyof Link} field @param {string} words @param {number} unit */
  #input(from, to, field, words, unit) {
    const change = () => {
      const link = this.#links.find((l) => l.from === from && l.to === to);
      const value = Math.max(0, Number(input.value) || 0);
      if (link) this.act({ act: "link", ...link, [field]: Math.round(value * unit) });
    };
    const input = numberInput({ step: "any", "aria-label": `${from} to ${to}: ${words}`, onchange: change });
    this.#inputs.push({ input, from, to, field, unit });
    return input;
  }

  /** @param {Model} model */
  update({ links }) {
    this.#links = links;
    for (const { input, from, to, field, unit } of this.#inputs) {
      const link = links.find((l) => l.from === from && l.to === to);
      const value = String(Number(link?.[field] ?? 0) / unit);
      // What somebody is typing is left alone.
      if (document.activeElement !== input && input.value !== value) input.value = value;
    }
  }
}

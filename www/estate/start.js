/**
 * What stands on the left: what this world is, what to type, clients that write, and the futures there are.
 *
 * @import { EstateWorld } from "./world.js"
 * @import { Preset } from "./presets.js"
 */
import { h, int } from "../dom.js";
import { markClass, span } from "./marks.js";

const RATES = [10, 100, 1000];

/** @param {Preset} preset @param {EstateWorld} world @param {(host: string, line: string) => void} type */
export function startPage(preset, world, type) {
  const rate = h(
    "select",
    { id: "load-rate" },
    RATES.map((n) => h("option", { value: String(n) }, `${int(n)} a second`)),
  );
  rate.value = "100";
  const to = h(
    "select",
    { id: "load-to" },
    preset.hosts.map((host) => h("option", null, host)),
  );
  const loads = h("ul", { class: "loads" });
  const refused = h("p", { class: "bad", role: "alert" });
  let loadsMade = 0;
  /** Loads that were told to end. @type {Set<number>} */
  const ended = new Set();
  const add = () =>
    world
      .act({ act: "load", name: `app${++loadsMade}`, to: to.value, clients: 10, rate_per_s: Number(rate.value) })
      .catch((e) => (refused.textContent = e.message));
  const tries = preset.tries.map(([host, line, words]) =>
    h(
      "li",
      null,
      h(
        "button",
        { type: "button", onclick: () => type(host, line) },
        h("b", { class: markClass(host), "aria-hidden": "true" }, markClass(host).at(-1)),
        h("span", { class: "sr" }, `on ${host}: `),
        ` ${line}`,
        h("small", null, words),
      ),
    ),
  );
  const el = h(
    "div",
    { class: "body start", tabindex: "0", role: "group", "aria-label": preset.title },
    h("p", null, preset.words),
    h("h3", { class: "rule" }, "Try"),
    h("ul", { class: "tries" }, tries),
    h("h3", { class: "rule" }, "Clients that write"),
    h(
      "div",
      { class: "controls" },
      h("label", { for: "load-to" }, "To"),
      to,
      h("label", { class: "sr", for: "load-rate" }, "Commands"),
      rate,
      h("button", { class: "btn", type: "button", onclick: add }, "Start"),
    ),
    loads,
    refused,
    h("h3", { class: "rule" }, "Break it"),
    h(
      "p",
      null,
      "Point at a machine, a link or a message in the topology: kill it, cut its power, cut or slow the link, lose the message. Then go back on the timeline below and try another way.",
    ),
  );

  let drawn = "";
  const draw = () => {
    const all = world.state.model.loads;
    const words = all.map((load) => {
      const mean = load.mean_us === undefined || load.mean_us === null ? "" : `, ${span(load.mean_us)} each`;
      const bad = load.errors ? `, ${int(load.errors)} errors` : "";
      return `${load.name} → ${load.to}: ${int(load.answered)} of ${int(load.sent)} answered${mean}${bad}`;
    });
    const now = words.join("\n");
    if (now === drawn) return;
    drawn = now;
    // A button that has the focus keeps it.
    while (loads.children.length > all.length) loads.lastChild?.remove();
    all.forEach((load, i) => {
      let item = loads.children[i];
      if (!item) {
        const stop = h(
          "button",
          {
            class: "btn bare",
            type: "button",
            "aria-label": `Stop ${load.name}`,
            onclick: () => (ended.add(i), world.act({ act: "stop_load", load: i })),
          },
          "Stop",
        );
        loads.append((item = h("li", null, h("span"), stop)));
      }
      const text = /** @type {HTMLElement} */ (item.firstChild);
      text.textContent = words[i];
    });
  };
  return { el, draw, close: () => {} };
}

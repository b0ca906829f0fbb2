/**
 * What stands on the left: what this world is, what to type, clients that write, and the futures there are.
 *
 * @import { EstateWorld } from "./world.js"
 * @import { Preset } from "./presets.js"
 */
import { h, int } from "../dom.js";
import { markClass, span } from "./marks.js";
import { runsPart } from "./runs.js";

const RATES = [10, 100, 1000];
/** @type {Record<string, string>} */
const SAME = {
  true: "This is the end of a saved run: it went event by event as it did when it was saved. Go back on the timeline to see it again.",
  false:
    "This is the end of a saved run, but it went another way than when it was saved: another version of this lab saved it, or it was changed.",
};

/**
 * @param {Preset} preset @param {EstateWorld} world @param {(host: string, line: string) => void} type
 * @param {(trace: import("./trace.js").Trace) => void} replay
 */
export function startPage(preset, world, type, replay) {
  const rate = h(
    "select",
    { id: "load-rate" },
    RATES.map((n) => h("option", { value: String(n) }, `${int(n)} a second`)),
  );
  rate.value = "100";
  const to = h(
    "select",
    { id: "load-to" },
    [...preset.hosts, ...world.state.model.apps.map((app) => app.name)].map((host) => h("option", null, host)),
  );
  const runs = runsPart(world, preset.id, replay);
  const loads = h("ul", { class: "loads" });
  const refused = h("p", { class: "bad", role: "alert" });
  let loadsMade = 0;
  /** Loads that were told to end. @type {Set<number>} */
  const ended = new Set();
  const add = () =>
    world
      .act({
        act: "load",
        name: `app${++loadsMade}`,
        to: to.value,
        rate_per_s: Number(rate.value),
        ...manner(to.value),
      })
      .catch((e) => (refused.textContent = e.message));
  /** Machines are written to; a program is asked for what all ask for. @param {string} to */
  const manner = (to) =>
    preset.hosts.includes(to) ? { clients: 10 } : { clients: 200, prefix: "item", keys: 100, writes: 1 };
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
    world.state.same === null
      ? null
      : h("p", { role: "status", class: world.state.same ? "" : "bad" }, SAME[String(world.state.same)]),
    h("p", null, preset.words),
    tries.length ? [h("h3", { class: "rule" }, "Try"), h("ul", { class: "tries" }, tries)] : null,
    h("h3", { class: "rule" }, world.state.model.apps.length ? "Clients" : "Clients that write"),
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
    runs.el,
  );

  let drawn = "";
  const draw = () => {
    const all = world.state.model.loads;
    const words = all.map((load) => {
      const mean = load.mean_us === undefined || load.mean_us === null ? "" : `, ${span(load.mean_us)} each`;
      const bad = [
        load.errors ? `, ${int(load.errors)} errors` : "",
        load.timeouts ? `, ${int(load.timeouts)} waited too long` : "",
        load.switches ? `, ${int(load.switches)} times on to another primary` : "",
      ].join("");
      const at = load.finds ? load.at.map(({ host }) => host).join(" and ") || "nobody yet" : load.to;
      return `${load.name} → ${at}: ${int(load.answered)} of ${int(load.sent)} answered${mean}${bad}`;
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
  return { el, draw, close: () => runs.close() };
}

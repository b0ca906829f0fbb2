/**
 * Runs that are saved, opened and shared.
 *
 * @import { EstateWorld } from "./world.js"
 * @import { Trace } from "./trace.js"
 */
import { h, saveFile } from "../dom.js";
import { FILE_MOST, LINK_GOOD, describeTrace, readTrace, traceLink } from "./trace.js";

/** Why there is less to do in a lesson. */
const LESSON =
  "A lesson's run is not saved: what the lesson itself does follows from its goals and hints, which are no part of a run. Go back on the timeline instead. A saved run can be opened; it takes the lesson's place.";

/** What a run holds, and the button that plays it. @param {Trace} trace @param {(trace: Trace) => void} play */
export const preview = (trace, play) =>
  h(
    "div",
    { class: "preview", role: "group", "aria-label": "A saved run" },
    h("p", null, `A saved run: ${describeTrace(trace)}. Nothing of it has run yet.`),
    h("button", { class: "btn main", type: "button", onclick: () => play(trace) }, "Play it"),
  );

/**
 * The part of the start page about runs. A file can be dropped on the page as well.
 *
 * @param {EstateWorld} world @param {string | null} presetId null: of a lesson, whose run is not saved @param {(trace: Trace) => void} play
 */
export function runsPart(world, presetId, play) {
  const said = h("p", { role: "status" });
  const refused = h("p", { class: "bad", role: "alert" });
  const shown = h("div");
  const tell = (/** @type {string} */ words, bad = "") => {
    said.textContent = words;
    refused.textContent = bad;
  };
  const trace = async () => ({ .../** @type {Trace} */ (await world.trace()), preset: presetId ?? "" });
  const save = async () => {
    saveFile("redlab-run.json", JSON.stringify(await trace()));
    tell("Saved: the same seed and the same acts at the same events.");
  };
  const share = async () => {
    try {
      const link = new URL(location.href);
      link.search = "";
      link.hash = await traceLink(await trace());
      await navigator.clipboard.writeText(link.href);
      const long = link.href.length > LINK_GOOD ? "; it is long, and not everything passes it on: a file is safer" : "";
      tell(`The link is copied: ${link.href.length} characters${long}.`);
    } catch (e) {
      tell("", `No link was made: ${/** @type {Error} */ (e).message}.`);
    }
  };
  /** @param {File | undefined} file */
  const open = async (file) => {
    shown.replaceChildren();
    tell("");
    if (!file) return;
    try {
      if (file.size > FILE_MOST) throw new Error("it is longer than any saved run");
      shown.replaceChildren(preview(readTrace(await file.text()), play));
    } catch (e) {
      tell("", `${file.name} was not opened: ${/** @type {Error} */ (e).message}.`);
    }
  };
  const pick = h("input", {
    type: "file",
    accept: ".json,application/json",
    hidden: true,
    "aria-label": "Run to open",
    onchange: () => void open(pick.files?.[0]).then(() => (pick.value = "")),
  });
  const over = (/** @type {DragEvent} */ e) => e.preventDefault();
  const drop = (/** @type {DragEvent} */ e) => {
    e.preventDefault();
    open(e.dataTransfer?.files[0]);
  };
  addEventListener("dragover", over);
  addEventListener("drop", drop);
  const button = (/** @type {string} */ words, /** @type {() => void} */ act) =>
    h("button", { class: "btn", type: "button", onclick: act }, words);
  const el = h(
    "div",
    { class: "runs" },
    h("h3", { class: "rule" }, presetId === null ? "Runs" : "This run"),
    presetId === null && h("p", null, LESSON),
    h(
      "div",
      { class: "controls" },
      presetId !== null && [button("Save it", save), button("Copy a link", share)],
      button("Open one …", () => pick.click()),
      pick,
    ),
    said,
    refused,
    shown,
  );
  return {
    el,
    close() {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    },
  };
}

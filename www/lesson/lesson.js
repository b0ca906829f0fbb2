/**
 * <redlab-lesson>: the text of a lesson, its goals as the engine judges them, hints for a price.
 *
 * The element knows nothing of how goals are judged: it shows what the engine's `lesson` events say. Fires `redlab-goal`
 * {goal, met} and `redlab-complete` {lesson, score}, both bubbling and composed.
 *
 * @import { Lesson } from "virtual:lessons"
 * @import { GoalState, LessonState, Part, World } from "../protocol.js"
 */
import { clock, h } from "../dom.js";
import { blocks, plain } from "./prose.js";

const COST = /** @type {Record<string, number>} */ ({ nudge: 1, concept: 3, command: 5, solution: 10 });
const NAME = /** @type {Record<string, string>} */ ({
  nudge: "Nudge",
  concept: "Concept",
  command: "Command",
  solution: "Solution",
});

/** @param {Part[]} parts */
const reason = (parts) => parts.map((p) => ("code" in p ? h("code", null, p.code) : p.text));

export class RedlabLesson extends HTMLElement {
  #lesson = /** @type {Lesson} */ (/** @type {any} */ (null));
  /** Level of its headings: what stands around it decides. */
  level = 3;
  #around = { title: "", place: "", prev: "", next: "" };
  /** @type {World | null} */
  #world = null;
  /** @type {LessonState | null} */
  #state = null;
  #startMs = 0;
  /** The goal whose hints are shown; chosen, or the first open one. */
  #chosen = "";
  #type = (/** @type {string} */ _line) => {};
  #client = /** @type {any} */ (null);
  #count = h("span", { class: "num dim" });
  #goals = h("ol", { class: "goals" });
  #alarm = h("div", { class: "ended", role: "alert" });
  #hints = h("div", { class: "hints" });
  #done = h("div", { class: "done" });
  #status = h("p", { class: "sr", role: "status" });
  /** @type {Map<string, {li: HTMLElement, st: HTMLElement, why: HTMLElement, help: HTMLElement}>} */
  #rows = new Map();

  /** @param {Lesson} lesson @param {{title: string, place: string, prev: string, next: string}} around ids of the lessons before and after */
  init(lesson, around) {
    this.#lesson = lesson;
    this.#around = around;
    return this;
  }

  /** @param {{world: World, client: any, type: (line: string) => void}} context */
  start({ world, client, type }) {
    this.#type = type;
    this.#client = client;
    if (this.#world === world) return;
    this.#world?.removeEventListener("lesson", this.#told);
    this.#world = world;
    this.#startMs = world.info.now_ms;
    this.#render();
    world.addEventListener("lesson", this.#told);
    world.addEventListener("restarted", () => (this.#startMs = world.info.now_ms));
    world.lesson().then(
      (state) => state && this.#update(state),
      () => {}, // the world was closed meanwhile
    );
  }

  disconnectedCallback() {
    if (!this.isConnected) this.#world?.removeEventListener("lesson", this.#told);
  }

  #told = (/** @type {Event} */ e) => this.#update(/** @type {CustomEvent} */ (e).detail.state);

  #render() {
    const { title, place, prev, next } = this.#around;
    const lesson = this.#lesson;
    const link = (/** @type {string} */ id, /** @type {string} */ words, /** @type {string} */ name) =>
      id && h("a", { class: "btn bare", href: `#lesson/${id}`, "aria-label": name }, words);
    // What was reached on an earlier visit.
    const before = h("span");
    this.#client?.getSetting(`lesson:${lesson.data.id}`).then((/** @type {any} */ kept) => {
      if (kept?.done) before.textContent = ` · done before, ${kept.score} of 100`;
    });
    this.classList.add("lesson");
    this.#rows.clear();
    this.#goals.replaceChildren(...lesson.data.goals.map(({ id }) => this.#row(id)));
    this.replaceChildren(
      h(
        "div",
        { class: "body", tabindex: "0", role: "group", "aria-label": lesson.title },
        (title || prev || next) &&
          h(
            "div",
            { class: "place" },
            h("span", null, title),
            h("span", { class: "num dim" }, place, before),
            link(prev, "←", "Previous lesson"),
            link(next, "→", "Next lesson"),
          ),
        this.#heading("big", lesson.title),
        h(
          "div",
          { class: "prose" },
          blocks(lesson.prose, (line) => this.#type(line)),
        ),
        this.#heading("rule", "Goals ", this.#count),
        this.#alarm,
        this.#goals,
        this.#done,
        this.#hints,
        h(
          "div",
          { class: "again" },
          h("button", { class: "btn", type: "button", onclick: () => this.reset() }, "Start again"),
          h("span", null, "Hints you opened stay open."),
        ),
        this.#status,
      ),
    );
  }

  /** @param {string} cls @param {...any} kids */
  #heading(cls, ...kids) {
    return h("h3", { class: cls, "aria-level": this.level === 3 ? null : this.level }, kids);
  }

  /** @param {string} id */
  #row(id) {
    const st = h("span", { class: "st" }, "Open");
    const why = h("small");
    const goal = h("span", null, plain(this.#lesson.goals[id].text));
    const choose = { class: "btn bare help", type: "button", onclick: () => this.#choose(id) };
    const help = h("button", { ...choose, "aria-label": `Help with: ${goal.textContent}` }, "Help");
    const li = h("li", null, st, h("div", null, goal, why), (this.#lesson.data.hints ?? []).length > 0 && help);
    this.#rows.set(id, { li, st, why, help });
    return li;
  }

  /** @param {string} id */
  #choose(id) {
    this.#chosen = id;
    this.#drawHints();
    this.#hints.scrollIntoView({ block: "nearest" });
    /** @type {HTMLElement | null} */ (this.#hints.querySelector("button"))?.focus({ preventScroll: true });
  }

  /** @param {LessonState} state */
  #update(state) {
    const before = this.#state;
    this.#state = state;
    this.#count.textContent = `${state.met} of ${state.goals.length}`;
    for (const g of state.goals)
      this.#drawGoal(
        g,
        before?.goals.find((x) => x.id === g.id),
      );
    this.#drawEnd(state);
    this.#drawHints();
    this.#announce(before, state);
    if (state.completed_ms && before && !before.completed_ms) this.#completed(state);
    // The end is seen wherever the reader has scrolled to.
    const ended = (/** @type {LessonState | null} */ s) => Boolean(s?.forbidden || s?.broken);
    if (ended(state) && before && !ended(before)) this.#bring(this.#alarm);
    else if (state.completed_ms && before && !before.completed_ms) this.#bring(this.#done);
  }

  /** Scrolls the lesson's own box, never the page around it. @param {HTMLElement} el */
  #bring(el) {
    const body = this.querySelector(".body");
    if (!body) return;
    const [box, at] = [body.getBoundingClientRect(), el.getBoundingClientRect()];
    if (at.top < box.top || at.bottom > box.bottom) body.scrollTop += at.top - box.top - (box.height - at.height) / 2;
  }

  /** @param {GoalState} goal @param {GoalState} [before] */
  #drawGoal(goal, before) {
    const row = this.#rows.get(goal.id);
    if (!row) return;
    row.li.classList.toggle("met", goal.met);
    row.st.textContent = goal.met ? "Reached" : "Open";
    row.why.replaceChildren(
      ...reason(goal.why),
      ...(goal.met && goal.since_ms
        ? [h("span", { class: "since" }, ` · ${clock(goal.since_ms - this.#startMs)}`)]
        : []),
    );
    row.help.hidden = goal.met;
    if (before && before.met !== goal.met)
      this.dispatchEvent(
        new CustomEvent("redlab-goal", { bubbles: true, composed: true, detail: { goal: goal.id, met: goal.met } }),
      );
  }

  /** What ended the attempt, well or badly. @param {LessonState} state */
  #drawEnd(state) {
    const { forbidden, broken } = state;
    this.#alarm.hidden = !forbidden && !broken;
    const why = forbidden
      ? [h("code", null, forbidden.command), " ends this lesson's board: the goals can no longer be reached."]
      : broken
        ? [
            `At ${clock(broken.at_ms - this.#startMs)}: `,
            ...reason(broken.why),
            ". This goal can no longer be reached.",
          ]
        : [];
    const back = this.#lesson.world && why.length ? " Or go back in time, to before it." : "";
    if (why.length && !this.#alarm.childElementCount)
      this.#alarm.replaceChildren(
        h("p", null, why, back),
        h("button", { class: "btn main", type: "button", onclick: () => this.reset() }, "Start again"),
      );
    if (!why.length) this.#alarm.replaceChildren();
    const done = Boolean(state.completed_ms);
    this.#done.hidden = !done;
    if (!done) this.#done.replaceChildren();
    if (!done || this.#done.childElementCount) return;
    const { next } = this.#around;
    this.#done.replaceChildren(
      this.#heading("big", "Done ", h("span", { class: "num" }, `${state.score} of ${state.score_max}`)),
      ...blocks(this.#lesson.after, (line) => this.#type(line)),
      ...(next ? [h("a", { class: "btn main", href: `#lesson/${next}` }, "Next lesson")] : []),
    );
  }

  /** One announcement a change, and only of what the learner waits for. @param {LessonState | null} before @param {LessonState} state */
  #announce(before, state) {
    if (!before) return;
    const words = [];
    for (const g of state.goals) {
      const was = before.goals.find((x) => x.id === g.id)?.met;
      const text = plain(this.#lesson.goals[g.id].text)
        .map((x) => (typeof x === "string" ? x : x.textContent))
        .join("");
      if (g.met && !was) words.push(`Reached: ${text}`);
      if (!g.met && was) words.push(`Open again: ${text}`);
    }
    if (!words.length) return;
    words.push(
      state.completed_ms ? `All goals reached. Score ${state.score}.` : `${state.met} of ${state.goals.length}.`,
    );
    this.#status.textContent = words.join(" ");
  }

  #drawHints() {
    const state = this.#state;
    const steps = this.#lesson.data.hints ?? [];
    const open = state?.goals.filter((g) => !g.met) ?? [];
    this.#hints.hidden = !open.length || !steps.length;
    if (this.#hints.hidden || !state) return;
    const goal = open.some((g) => g.id === this.#chosen) ? this.#chosen : open[0].id;
    const texts = this.#lesson.goals[goal].hints;
    const taken = new Set(state.hints.filter((t) => t.goal === goal).map((t) => t.step));
    const next = steps.findIndex((s) => !taken.has(s));
    const signature = `${goal} ${[...taken]} ${state.score}`;
    if (this.#hints.dataset.shown === signature) return;
    const hadFocus = this.#hints.contains(document.activeElement);
    this.#hints.dataset.shown = signature;
    const rows = steps.map((step, i) => {
      const cost = h("span", { class: "num dim" }, `−${COST[step]}`);
      if (taken.has(step))
        return h("li", { class: "open" }, h("b", null, NAME[step]), cost, h("div", null, blocks(texts[i], this.#type)));
      if (i === next)
        return h(
          "li",
          null,
          h(
            "button",
            { class: "btn bare", type: "button", onclick: () => this.#take(goal, step) },
            `Open: ${NAME[step]}`,
          ),
          cost,
        );
      return h("li", { class: "shut" }, NAME[step], cost);
    });
    this.#hints.replaceChildren(
      this.#heading("rule", "Hints ", h("span", { class: "num dim" }, `score ${state.score} of ${state.score_max}`)),
      h("p", { class: "for" }, "For: ", plain(this.#lesson.goals[goal].text)),
      h("ol", null, rows),
    );
    if (hadFocus)
      /** @type {HTMLElement | null} */ (this.#hints.querySelector("button"))?.focus({ preventScroll: true });
  }

  /** @param {string} goal @param {string} step */
  async #take(goal, step) {
    await this.#world?.hint(goal, step);
    const i = (this.#lesson.data.hints ?? []).indexOf(step);
    this.#status.textContent = `${NAME[step]}: ${plain(this.#lesson.goals[goal].hints[i])
      .map((x) => (typeof x === "string" ? x : x.textContent))
      .join("")}`;
  }

  /** @param {LessonState} state */
  async #completed(state) {
    const id = this.#lesson.data.id;
    this.dispatchEvent(
      new CustomEvent("redlab-complete", { bubbles: true, composed: true, detail: { lesson: id, score: state.score } }),
    );
    const kept = await this.#client?.getSetting(`lesson:${id}`);
    await this.#client?.putSetting(`lesson:${id}`, { done: true, score: Math.max(kept?.score ?? 0, state.score) });
  }

  /** Everything as at the start. */
  async reset() {
    this.#state = null;
    await this.#world?.reset();
    this.#status.textContent = "The lesson starts again.";
  }
}

customElements.define("redlab-lesson", RedlabLesson);

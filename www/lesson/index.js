/**
 * The lessons: what there is, and how one is opened.
 *
 * @import { Lesson as Compiled } from "virtual:lessons"
 * @import { Place, Preset } from "../estate/presets.js"
 * @import { Lesson, LessonModule } from "../parts.js"
 */
import { lessons as all } from "virtual:lessons";
import "./lesson.css";
import { RedlabLesson } from "./lesson.js";

/** Lessons start at the same moment every time, so that the same commands give the same answers. */
const START_MS = Date.UTC(2026, 0, 5, 9);

/** `data-types` as Data types. @param {string} slug */
const spoken = (slug) => slug[0].toUpperCase() + slug.slice(1).replaceAll("-", " ");

/** @type {LessonModule["lessons"]} */
export const lessons = all.map(({ id, title, track }) => ({ id, title, track: spoken(track) }));

/** @param {string} id @returns {Promise<Lesson>} */
export async function open(id) {
  const entry = all.find((l) => l.id === id);
  if (!entry) throw new Error(`no lesson ${id}`);
  const lesson = await entry.load();
  const at = all.indexOf(entry);
  const track = all.filter((l) => l.track === entry.track);
  const element = /** @type {RedlabLesson} */ (document.createElement("redlab-lesson"));
  element.init(lesson, {
    title: spoken(entry.track),
    place: `${track.indexOf(entry) + 1} of ${track.length}`,
    prev: all[at - 1]?.id ?? "",
    next: all[at + 1]?.id ?? "",
  });
  const world = { name: null, lesson: lesson.data, start_ms: START_MS };
  const estate = lesson.world ? estateOf(lesson) : null;
  return { title: lesson.title, world, element, views: lesson.data.views ?? [], estate };
}

/** A lesson's world of several nodes. @param {Compiled} lesson @returns {Preset} */
function estateOf({ title, data }) {
  const hosts = Object.keys(data.topology);
  const start = { seed: String(data.seed), ahead_ms: 0, acts: [], tries: [] };
  return { id: data.id, title, words: "", hosts, places: placesOf(data), programs: hasPrograms(data), ...start };
}

/** @param {Compiled["data"]} data */
const hasPrograms = ({ acts = [] }) => acts.some((deed) => deed.do.some(({ act }) => act === "app"));

/**
 * Where machines stand: whoever follows another one is to the right of it; and what programs use is to the right of these.
 *
 * @param {Compiled["data"]} data
 */
function placesOf({ topology, acts = [] }) {
  /** @param {string} host @returns {string} */
  const primary = (host) => {
    const node = topology[host];
    return (typeof node === "object" && node.replica_of) || "";
  };
  const depth = (/** @type {string} */ host) => {
    let steps = 0;
    for (let at = primary(host); at && steps < 8; at = primary(at)) steps++;
    return steps;
  };
  const hosts = Object.keys(topology);
  const deepest = Math.max(1, ...hosts.map(depth));
  /** @type {Record<string, Place>} */
  const places = { clients: { x: 0.1, y: 0.5 } };
  const column = (/** @type {string[]} */ names, /** @type {number} */ x) =>
    names.forEach(
      (name, i) => (places[name] = { x, y: names.length === 1 ? 0.5 : 0.18 + (0.64 * i) / (names.length - 1) }),
    );
  const named = (/** @type {string} */ kind) =>
    acts.flatMap((deed) => deed.do.filter(({ act }) => act === kind).map(({ name }) => String(name)));
  const programs = named("app");
  if (programs.length) {
    column(programs, 0.42);
    column([...hosts, ...named("database")], 0.84);
    return places;
  }
  for (let level = 0; level <= deepest; level++)
    column(
      hosts.filter((host) => depth(host) === level),
      0.42 + (0.42 * level) / deepest,
    );
  return places;
}

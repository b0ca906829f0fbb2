/**
 * The lessons: what there is, and how one is opened.
 *
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
  return { title: lesson.title, world, element, views: lesson.data.views ?? [] };
}

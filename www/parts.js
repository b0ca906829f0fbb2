/**
 * Parts of the page that live in folders of their own. Each folder's index.js is loaded if it is there.
 *
 * www/views/index.js defines <redlab-views>: the views of what was just touched.
 * www/lesson/index.js exports `lessons`, {id, title, track}[], and open(id), which gives a lesson's title, the options of
 * the world it plays in, its element, and the names of the views that go with it.
 *
 * Both elements have start(context), called again when the world or the session in front changes, and
 * command(detail), called after every command with the detail of the terminal's `redlab-command` event.
 *
 * @import { Preset } from "./estate/presets.js"
 * @import { EngineClient, Session, World, WorldOptions } from "./protocol.js"
 * @typedef {{client: EngineClient, world: World, session?: Session, type: (line: string) => void, run: (lines: string[]) => Promise<void>, views: string[]}} Context `session`: that in
 *   front, where there is one node alone; `views`: those to open, all if none is named
 * @typedef {HTMLElement & {start?: (context: Context) => void, command?: (detail: any) => void, drop?: (data: DataTransfer) => Promise<void>}} Part `drop`:
 *   files that were dropped on the lab
 * @typedef {{title: string, world: WorldOptions, element: Part, views: string[], estate: Preset | null}} Lesson `estate`: it plays in
 *   a world of several nodes
 * @typedef {{lessons: {id: string, title: string, track: string}[], open: (id: string) => Promise<Lesson>}} LessonModule
 */
const found = import.meta.glob(["./views/index.js", "./lesson/index.js"]);

/** @returns {Promise<Part | null>} */
export async function loadViews() {
  const load = found["./views/index.js"];
  if (!load) return null;
  await load();
  return /** @type {Part} */ (document.createElement("redlab-views"));
}

/** @returns {Promise<LessonModule | null>} */
export async function loadLessons() {
  const load = found["./lesson/index.js"];
  return load ? /** @type {Promise<LessonModule>} */ (load()) : null;
}

/**
 * The engine's worker: serves the page that started it, and every port that is attached (an embed's iframe hands one
 * on). Messages are those of protocol.js.
 */
import init from "../pkg/redlab.js";
import { HostWorld } from "./host.js";
import { attach, bringRest } from "./later.js";
import { opened, outbox } from "./outbox.js";
import { openDatabase, Settings } from "./store.js";

/** The module and the database, once for all worlds. */
const ready = (async () => {
  const [, db] = await Promise.all([
    init().then((exports) => {
      attach(/** @type {any} */ (exports));
      bringRest().catch(() => {}); // who needs it is told then
    }),
    openDatabase().then(
      (d) => ({ d, why: "" }),
      (e) => ({ d: null, why: `The browser refuses to store data: ${e?.message ?? e}` }),
    ),
  ]);
  return { db: db.d, refused: db.why, settings: new Settings(db.d) };
})();

let nextWorld = 1;

/**
 * @param {MessagePort} port
 * @param {boolean} [guest] somebody else's page: its worlds live in memory, and nothing that is kept here is told to it
 */
function serve(port, guest = false) {
  const post = outbox(port);
  /** @type {Map<string, any>} */
  const guestSettings = new Map();
  /** One node, or many (estate-host.js). @type {Map<number, any>} */
  const worlds = new Map();

  /** @type {Record<string, (m: any, world: any) => any>} */
  const operations = {
    async open({ options }) {
      const { db, refused } = await ready;
      // Who works with one node alone never loads what many take.
      const Kind = options.many ? (await import("./estate-host.js")).EstateHost : HostWorld;
      const world = new Kind(nextWorld++, guest ? { ...options, name: null } : options, { db, refused, emit: post });
      worlds.set(world.id, world);
      return world.open();
    },
    connect: (m, world) => world.connect(m.host),
    reconnect: (m, world) => world.reconnect(m.session),
    disconnect: (m, world) => world.disconnect(m.session),
    inspect: (m, world) => bringRest().then(() => world.inspect(m.session, m.view, m.argv)),
    holdScripts: (m, world) => bringRest().then(() => world.holdScripts(m.on)),
    stepScript: (m, world) => world.stepScript(m.line),
    lesson: (_, world) => world.lesson(),
    hint: (m, world) => world.hint(m.goal, m.step),
    rest: (m, world) => world.rest(m.resting),
    restart: (_, world) => world.restart(),
    reset: (_, world) => world.reset(),
    download: (_, world) => world.download(),
    downloadFiles: (_, world) => world.downloadFiles(),
    crash: (m, world) => world.crash(m.torn),
    setDisk: (m, world) => world.setDisk(m.what, m.value),
    flip: (m, world) => world.flip(m.name, m.offset, m.bit),
    disk: (_, world) => world.disk(),
    desk: (m, world) => bringRest().then(() => world.atDesk(m.what, m)),
    tryFile: (m, world) => bringRest().then(() => world.tryFile(m.name)),
    loadFile: (m, world) => bringRest().then(() => world.loadFile(m.name)),
    downloadDamaged: (_, world) => world.downloadDamaged(),
    upload: (m, world) => world.upload(new Uint8Array(m.bytes)),
    takeOver: (_, world) => world.takeOver(),
    estate: (m, world) => world.estate(m.what, m.value),
    close(_, world) {
      worlds.delete(world.id);
      return world.close();
    },
    getSetting: async (m) => (guest ? guestSettings.get(m.key) : (await ready).settings.get(m.key)),
    putSetting: async (m) =>
      guest ? void guestSettings.set(m.key, m.value) : (await ready).settings.put(m.key, m.value),
  };

  const receive = async (/** @type {any} */ m) => {
    if (m.op === "attach") return serve(m.port, true);
    const answer = (/** @type {any} */ ok, /** @type {Transferable[]} */ transfer = []) =>
      post({ id: m.id, ok }, transfer);
    const fail = (/** @type {any} */ e) => post({ id: m.id, error: String(e?.message ?? e) });
    const world = worlds.get(m.world);
    if ("world" in m && !world) return fail("no such world");
    if (m.op === "exec") {
      const done = (/** @type {any} */ { out, ...ok }) => post({ id: m.id, ok, raw: out });
      return world.exec({ session: m.session, bytes: m.raw, done, fail });
    }
    try {
      const run = operations[m.op];
      if (!run) throw new Error(`no such operation: ${m.op}`);
      answer(await run(m, world));
    } catch (e) {
      fail(e);
    }
  };
  // The iframe of embeds hands a port on in a message of its own.
  port.onmessage = ({ data }) => (Array.isArray(data) ? opened(/** @type {any} */ (data)) : [data]).forEach(receive);
}

serve(/** @type {any} */ (self));

/**
 * Worlds to begin with.
 *
 * @typedef {{x: number, y: number}} Place by parts of the drawing's width and height
 * @typedef {{id: string, title: string, words: string, seed: string, ahead_ms: number, hosts: string[], places: Record<string, Place>, acts: any[], tries: [string, string, string][], programs: boolean}} Preset
 *   `ahead_ms`: how long it has run when it is first seen; `tries`: machine, line, what it shows
 */

import { CACHE_ASIDE } from "./programs.js";
import { machinesOf } from "./trace.js";

/** How long a byte is on its way between two machines, and from the clients. */
const BETWEEN_US = 40_000;
const CLIENTS_US = 1000;

/** An application, what it has in front of its database, and those who use it. */
function application() {
  const links = [
    ["clients", "shop", 20_000],
    ["shop", "n1", 2000],
    ["shop", "db", 2000],
  ].flatMap(([from, to, latency_us]) => [
    { act: "link", from, to, latency_us },
    { act: "link", from: to, to: from, latency_us },
  ]);
  return {
    hosts: ["n1"],
    programs: true,
    acts: [
      { act: "add", name: "n1", config: ["save ''"] },
      {
        act: "database",
        name: "db",
        prefix: "item",
        rows: 1000,
        read_us: 60_000,
        write_us: 60_000,
        workers: 4,
        queue: 500,
      },
      { act: "app", name: "shop", redis: "n1", database: "db", source: CACHE_ASIDE },
      ...links,
      { act: "load", name: "users", to: "shop", prefix: "item", keys: 100, clients: 200, rate_per_s: 150, writes: 1 },
    ],
  };
}

/** Machines, whom they follow, and links among all of them. @param {Record<string, string | null>} machines */
function build(machines) {
  const hosts = Object.keys(machines);
  const acts = [];
  for (const [name, primary] of Object.entries(machines)) {
    const config = ["appendonly yes", "repl-diskless-sync-delay 0", ...(primary ? [`replicaof ${primary} 6379`] : [])];
    acts.push({ act: "add", name, config });
  }
  const links = [];
  for (const from of hosts) for (const to of hosts) if (from !== to) links.push({ from, to, latency_us: BETWEEN_US });
  for (const host of hosts)
    links.push(
      { from: "clients", to: host, latency_us: CLIENTS_US },
      { from: host, to: "clients", latency_us: CLIENTS_US },
    );
  return { hosts, programs: false, acts: [...acts, ...links.map((link) => ({ act: "link", ...link }))] };
}

const SET = /** @type {[string, string, string]} */ (["n1", "SET greeting hello", "Written on the primary."]);

/** @type {Preset[]} */
export const PRESETS = [
  {
    id: "one",
    title: "One node",
    words: "One server, its clients and its disk. Let clients write, kill it, and see what is still there.",
    seed: "1",
    ahead_ms: 100,
    ...build({ n1: null }),
    places: { n1: { x: 0.62, y: 0.5 }, clients: { x: 0.16, y: 0.5 } },
    tries: [SET, ["n1", "CONFIG SET appendfsync always", "Every write is on the platter before it is acknowledged."]],
  },
  {
    id: "primary-replicas",
    title: "A primary and two replicas",
    words:
      "n1 takes the writes and sends them on to n2 and n3, 40 ms away. It says OK before they have them: a reply is no promise that a write is anywhere else.",
    seed: "7",
    ahead_ms: 4000,
    ...build({ n1: null, n2: "n1", n3: "n1" }),
    places: { n1: { x: 0.42, y: 0.5 }, n2: { x: 0.84, y: 0.2 }, n3: { x: 0.84, y: 0.8 }, clients: { x: 0.1, y: 0.5 } },
    tries: [
      SET,
      ["n2", "GET greeting", "Read on a replica, 40 ms later at the earliest."],
      ["n2", "SET greeting no", "A replica takes no writes."],
      ["n1", "WAIT 2 500", "How many replicas have confirmed what was written, within half a second."],
      ["n1", "INFO replication", "What the server itself says."],
    ],
  },
  {
    id: "chain",
    title: "A chain",
    words: "n2 follows n1, n3 follows n2. What n1 takes reaches n3 by way of n2, and later.",
    seed: "8",
    ahead_ms: 8000,
    ...build({ n1: null, n2: "n1", n3: "n2" }),
    places: {
      n1: { x: 0.3, y: 0.25 },
      n2: { x: 0.84, y: 0.25 },
      n3: { x: 0.84, y: 0.8 },
      clients: { x: 0.1, y: 0.75 },
    },
    tries: [
      SET,
      ["n3", "GET greeting", "Two hops, 80 ms."],
      ["n2", "ROLE", "A replica that has a replica."],
      ["n2", "REPLICAOF NO ONE", "n2 becomes a primary; n3 stays with it."],
    ],
  },
  {
    id: "five",
    title: "Five independent nodes",
    words: "Five servers that know nothing of each other. Make some follow others with REPLICAOF.",
    seed: "9",
    ahead_ms: 100,
    ...build({ n1: null, n2: null, n3: null, n4: null, n5: null }),
    places: {
      n1: { x: 0.5, y: 0.13 },
      n2: { x: 0.85, y: 0.4 },
      n3: { x: 0.74, y: 0.86 },
      n4: { x: 0.26, y: 0.86 },
      n5: { x: 0.15, y: 0.4 },
      clients: { x: 0.5, y: 0.52 },
    },
    tries: [SET, ["n2", "REPLICAOF n1 6379", "n2 throws its data away and takes those of n1."]],
  },
  {
    id: "app-cache-database",
    title: "Application, cache and database",
    words:
      "shop serves 150 requests a second. What it finds in the cache, n1, it answers at once; the rest it reads from db, which is slow and works on four rows at a time. Change its program, empty the cache, make the database slower, and see what waits.",
    seed: "11",
    ahead_ms: 8000,
    ...application(),
    places: {
      clients: { x: 0.1, y: 0.5 },
      shop: { x: 0.42, y: 0.5 },
      n1: { x: 0.84, y: 0.12 },
      db: { x: 0.84, y: 0.88 },
    },
    tries: [
      ["n1", "GET item:0", "What the cache has for the item that most ask for."],
      ["n1", "PTTL item:0", "How long it will have it."],
      ["n1", "FLUSHALL", "An empty cache: everybody goes to the database at once."],
      ["n1", "INFO stats", "keyspace_hits and keyspace_misses are the cache's own count."],
    ],
  },
];

/** The world that a saved run is of: its machines are those of the run. @param {import("./trace.js").Trace} trace @returns {Preset} */
export function presetOf(trace) {
  const known = PRESETS.find((p) => p.id === trace.preset);
  const hosts = machinesOf(trace);
  const others = trace.acts
    .filter(([, , { act }]) => act === "app" || act === "database")
    .map(([, , { name }]) => String(name));
  const names = [...new Set([...hosts, ...others])];
  const around = names.map((name, i) => {
    const angle = (i / names.length) * 2 * Math.PI;
    return [name, { x: 0.56 + 0.36 * Math.cos(angle), y: 0.5 + 0.45 * Math.sin(angle) }];
  });
  return {
    id: trace.preset,
    title: known ? `${known.title}, a saved run` : "A saved run",
    words: known?.words ?? "",
    seed: trace.seed,
    ahead_ms: 0,
    hosts,
    places: { clients: { x: 0.1, y: 0.5 }, ...Object.fromEntries(around), ...known?.places },
    acts: [],
    programs: others.length > 0,
    tries: known?.tries.filter(([host]) => hosts.includes(host)) ?? [],
  };
}

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

/**
 * Sentinels that watch n1, and clients that ask them for it.
 * @param {string[]} sentinels @param {number} quorum @param {Record<string, string | null>} machines
 * @param {(a: string, b: string) => number} [between_us] how far machines are from each other
 */
function watched(sentinels, quorum, machines, between_us = () => 1000) {
  const config = [
    `sentinel monitor mymaster n1 6379 ${quorum}`,
    "sentinel down-after-milliseconds mymaster 5000",
    "sentinel failover-timeout mymaster 60000",
  ];
  const watchers = sentinels.map((name) => ({ act: "add", name, port: 26379, config }));
  const { hosts, programs, acts } = build(machines, watchers, between_us);
  const load = {
    act: "load",
    name: "shop",
    to: "n1",
    sentinels,
    primary: "mymaster",
    timeout_us: 1_000_000,
    clients: 10,
    rate_per_s: 50,
  };
  return { hosts, programs, acts: [...acts, load] };
}

/**
 * Machines, whom they follow, others beside them, and links among all of them.
 * @param {Record<string, string | null>} machines @param {any[]} others as acts
 * @param {(a: string, b: string) => number} between_us
 */
function build(machines, others = [], between_us = () => BETWEEN_US) {
  const hosts = [...Object.keys(machines), ...others.map(({ name }) => name)];
  const acts = [];
  for (const [name, primary] of Object.entries(machines)) {
    const config = ["appendonly yes", "repl-diskless-sync-delay 0", ...(primary ? [`replicaof ${primary} 6379`] : [])];
    acts.push({ act: "add", name, config });
  }
  const links = [];
  for (const from of hosts)
    for (const to of hosts) if (from !== to) links.push({ from, to, latency_us: between_us(from, to) });
  for (const host of hosts)
    links.push(
      { from: "clients", to: host, latency_us: CLIENTS_US },
      { from: host, to: "clients", latency_us: CLIENTS_US },
    );
  return { hosts, programs: false, acts: [...acts, ...others, ...links.map((link) => ({ act: "link", ...link }))] };
}

/** The machines of one of the two sites. */
const NORTH = new Set(["n1", "s1", "s2", "s3", "clients"]);

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
    id: "sentinel",
    title: "Three sentinels, a primary and two replicas",
    words:
      "s1, s2 and s3 watch n1, which they call mymaster. The clients of shop ask them for it. Kill n1 and let the time go on: after five seconds of silence the sentinels agree that it is down, one is elected, and promotes a replica.",
    seed: "21",
    ahead_ms: 12_000,
    ...watched(["s1", "s2", "s3"], 2, { n1: null, n2: "n1", n3: "n1" }),
    places: {
      n1: { x: 0.5, y: 0.13 },
      n2: { x: 0.86, y: 0.3 },
      n3: { x: 0.86, y: 0.86 },
      s1: { x: 0.2, y: 0.13 },
      s2: { x: 0.2, y: 0.87 },
      s3: { x: 0.53, y: 0.87 },
      clients: { x: 0.08, y: 0.5 },
    },
    tries: [
      ["s1", "SENTINEL get-master-addr-by-name mymaster", "Where the primary is: what every client asks first."],
      ["s1", "SENTINEL CKQUORUM mymaster", "Whether a failover could be led at all."],
      ["s1", "SENTINEL FAILOVER mymaster", "A failover without a fault: no votes are needed."],
      ["n2", "ROLE", "What a replica says of itself."],
    ],
  },
  {
    id: "sentinel-sites",
    title: "Five sentinels in two sites",
    words:
      "n1, s1, s2 and s3 are in one site; n2, n3, s4 and s5 in another, 40 ms away. The quorum is 3. Cut the sites off from each other: the one with the majority goes on, whichever of them the primary is in.",
    seed: "22",
    ahead_ms: 12_000,
    ...watched(["s1", "s2", "s3", "s4", "s5"], 3, { n1: null, n2: "n1", n3: "n1" }, (a, b) =>
      NORTH.has(a) === NORTH.has(b) ? 1000 : BETWEEN_US,
    ),
    places: {
      n1: { x: 0.38, y: 0.08 },
      s1: { x: 0.14, y: 0.94 },
      s2: { x: 0.38, y: 0.5 },
      s3: { x: 0.38, y: 0.94 },
      n2: { x: 0.66, y: 0.08 },
      n3: { x: 0.9, y: 0.36 },
      s4: { x: 0.66, y: 0.94 },
      s5: { x: 0.9, y: 0.72 },
      clients: { x: 0.08, y: 0.3 },
    },
    tries: [
      ["s4", "SENTINEL get-master-addr-by-name mymaster", "Both sites know the same primary."],
      ["s1", ":cut s1 s4", "One of the links between the sites; partition them all in the topology."],
      ["s1", "SENTINEL CKQUORUM mymaster", "Three of five are a majority."],
    ],
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

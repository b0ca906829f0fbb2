/**
 * One line of explanation under the server's words, where there is one to give.
 *
 * @import { Docs } from "./docs.js"
 */
import { syntax } from "./hints.js";

/** Edit distance, two letters in the wrong order counting as one slip. @param {string} a @param {string} b */
function distance(a, b) {
  let [older, row] = [/** @type {number[]} */ ([]), Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) next[j] = Math.min(next[j], older[j - 2] + 1);
    }
    [older, row] = [row, next];
  }
  return row[b.length];
}

/** @param {Docs} docs @param {string} name in capitals */
function nearest(docs, name) {
  if (name.length > 30) return []; // no command is as long as that
  return (
    [...docs.commands.keys()]
      .map((c) => ({ c, d: distance(name, c) }))
      // Two slips are believed only of a long name that begins right.
      .filter(({ c, d }) => d <= 1 || (d <= 2 && name.length > 4 && c[0] === name[0]))
      .sort((a, b) => a.d - b.d)
      .slice(0, 3)
      .map(({ c }) => c)
  );
}

/** Commands that a real server has and redlab does not have yet; those that the table has are left out of account. */
const LATER = new Set(
  `ACL ASKING BGREWRITEAOF BGSAVE BITCOUNT BITFIELD BITFIELD_RO BITOP BITPOS BLMOVE BLMPOP BLPOP BRPOP
  BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLUSTER DISCARD DUMP EXEC FAILOVER 
  GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH
  GEOSEARCHSTORE GETBIT LATENCY MIGRATE MODULE MONITOR MULTI PFADD PFCOUNT PFDEBUG PFMERGE PFSELFTEST PSUBSCRIBE PSYNC
  PUBLISH PUBSUB PUNSUBSCRIBE READONLY READWRITE REPLCONF REPLICAOF RESTORE SAVE SETBIT SLAVEOF SLOWLOG
  SPUBLISH SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH XACK XADD XAUTOCLAIM XCLAIM
  XDEL XGROUP XINFO XLEN XPENDING XRANGE XREAD XREADGROUP XREVRANGE XSETID XTRIM`.split(/\s+/),
);

/** @param {string} name in capitals */
const notYet = (name) => (LATER.has(name) ? `${name} is a Redis command that redlab does not have yet.` : "");

/**
 * Why HELP found nothing.
 * @param {Docs} docs
 * @param {string[]} topic the words after HELP
 */
export function explainHelp(docs, topic) {
  const name = topic.join(" ").toUpperCase();
  const near = nearest(docs, name);
  const guess = near.length
    ? `Did you mean ${near.map((c) => `HELP ${c}`).join(" or ")}?`
    : "HELP alone lists the groups.";
  return notYet(name) || `No command and no group has the name ${topic.join(" ").slice(0, 60)}. ${guess}`;
}

/** @param {Docs} docs @param {string[]} argv */
function usage(docs, argv) {
  const found = docs.find(argv);
  return found ? `${found.doc.name} ${syntax(found.doc.args)}`.trim() : "";
}

/** @type {[RegExp, (argv: string[], docs: Docs) => string][]} */
const TABLE = [
  [
    /^WRONGTYPE/,
    (argv) =>
      argv[1]
        ? `${argv[1]} holds another type. TYPE ${argv[1]} says which; another key name avoids the clash.`
        : "The key holds another type.",
  ],
  [
    /^ERR unknown command/,
    (argv, docs) => {
      const name = argv[0].toUpperCase();
      const near = nearest(docs, name);
      if (notYet(name)) return notYet(name);
      return near.length
        ? `Did you mean ${near.join(" or ")}?`
        : "HELP lists the groups of commands, HELP @string those of one.";
    },
  ],
  [
    /^ERR unknown subcommand/,
    (argv, docs) => {
      const near = nearest(docs, `${argv[0]} ${argv[1] ?? ""}`.toUpperCase()).filter((n) => n.includes(" "));
      return near.length ? `Did you mean ${near.join(" or ")}?` : `${argv[0].toUpperCase()} HELP lists them.`;
    },
  ],
  [/^ERR wrong number of arguments/, (argv, docs) => usage(docs, argv) && `It is ${usage(docs, argv)}`],
  [
    /^ERR syntax error/,
    (argv, docs) =>
      usage(docs, argv) && `An option is unknown, misplaced or contradicts another. It is ${usage(docs, argv)}`,
  ],
  [
    /^ERR value is not an integer or out of range/,
    () => "A whole number between −2⁶³ and 2⁶³−1 is needed: no decimals, no blanks, no leading plus.",
  ],
  [/^ERR value is not a valid float/, () => "A number is needed there: 3, −0.5, 1e9, inf."],
  [
    /^ERR (increment or decrement|.*would overflow)/,
    () => "The result would not fit into 64 bits; nothing was changed.",
  ],
  [
    /^ERR DB index is out of range/,
    () => "The databases are numbered from 0; CONFIG GET databases says how many there are.",
  ],
  [/^ERR no such key/, () => "This command works only on a key that exists."],
  [/^NOAUTH/, () => "The server wants a password first: AUTH password, or AUTH user password."],
  [/^WRONGPASS/, () => "The user is unknown or disabled, or the password is wrong; the server does not say which."],
  [/^NOPERM/, () => "The ACL does not allow this user that command, key or channel. ACL WHOAMI says who you are."],
  [/^READONLY/, () => "This node only repeats what its primary does. Write there."],
  [/^EXECABORT/, () => "A command was refused while it was queued, so none of them ran."],
  [/^ERR MULTI calls can not be nested/, () => "A transaction is open already: EXEC runs it, DISCARD drops it."],
  [/^ERR (EXEC|DISCARD) without MULTI/, () => "No transaction is open. MULTI opens one."],
  [/^OOM/, () => "maxmemory is reached and nothing may be evicted. DEL something, or raise maxmemory."],
  [/^NOPROTO/, () => "HELLO 2 and HELLO 3 are the protocols there are."],
  [/^BUSYKEY/, () => "The target exists already. REPLACE overwrites it."],
  [/^BUSY /, () => "A script is still running. SCRIPT KILL ends it if it has written nothing."],
  [
    /^MOVED|^ASK/,
    () => "The key's slot belongs to the node that is named. A client in cluster mode follows by itself.",
  ],
  [/^CROSSSLOT/, () => "The keys are in different slots. A shared {tag} in their names puts them together."],
];

/** What an answer does not say, and should be known. @param {string[]} argv */
export const remark = (argv) =>
  /^debug populate /i.test(argv.join(" "))
    ? "As in a real server these keys are not written to the log: a restart or a reload forgets them."
    : "";

/**
 * @param {string} error the server's words
 * @param {string[]} argv
 * @param {Docs} docs
 * @returns {string} "" where the words say it all
 */
export function explain(error, argv, docs) {
  const entry = TABLE.find(([pattern]) => pattern.test(error));
  return entry ? entry[1](argv, docs) : "";
}

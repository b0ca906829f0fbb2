/**
 * Sentinel's events in words, and how they are drawn.
 */

/** @type {Record<string, string>} */
const WORDS = {
  "+monitor": "It watches this primary from now on.",
  "+reset-master": "It has forgotten all that it knew of this primary's replicas and sentinels.",
  "+slave": "It has found a replica in the primary's INFO.",
  "+sentinel": "It has met another sentinel, by the hello that each publishes on every server.",
  "+sentinel-address-switch": "That sentinel has another address now.",
  "+sentinel-invalid-addr": "Another one says that it is at that sentinel's address.",
  "-dup-sentinel": "It has forgotten an older entry of the same sentinel.",
  "+sdown": "No good answer for down-after-milliseconds: down in the eyes of this sentinel alone.",
  "-sdown": "It answers again.",
  "+odown": "So many sentinels say that it is down that the quorum is reached.",
  "-odown": "The quorum no longer says that it is down.",
  "+new-epoch": "A new attempt has a new number. Each sentinel votes once in it.",
  "+try-failover": "It wants to lead the failover, and asks the others for their votes.",
  "+vote-for-leader": "It has given its one vote of this epoch, and has kept that on its disk before saying so.",
  "+elected-leader": "The majority of all sentinels, and the quorum, have voted for it.",
  "+failover-state-select-slave": "It looks for the replica that is the best primary.",
  "+selected-slave": "This one: it answers, and by priority, offset and run id it comes first.",
  "+failover-state-send-slaveof-noone": "It tells it to follow nobody any more.",
  "+failover-state-wait-promotion": "It waits until INFO says that the replica is a primary.",
  "+promoted-slave": "There is a new primary.",
  "+failover-state-reconf-slaves": "The other replicas are told to follow it, parallel-syncs at a time.",
  "+slave-reconf-sent": "This one has been told.",
  "+slave-reconf-inprog": "It says that it follows the new primary, and loads its data.",
  "+slave-reconf-done": "It is up to date with the new primary.",
  "-slave-reconf-sent-timeout": "It was told, and does not say that it follows.",
  "+slave-reconf-sent-be": "It is told at the last moment; nobody waits for it.",
  "+failover-end": "All replicas follow the new primary.",
  "+failover-end-for-timeout": "Not all follow in time; those that are left are told by and by.",
  "+switch-master": "Clients that ask are sent to the new primary from now on.",
  "+config-update-from": "Another sentinel has a newer configuration, and it is taken over.",
  "+convert-to-slave": "The old primary is back, and is told to follow the new one.",
  "+fix-slave-config": "This replica follows somebody else, and is told whom to follow.",
  "+role-change": "It says of itself that it is what it should be.",
  "-role-change": "It says of itself that it is something else.",
  "+reboot": "It is another process than before.",
  "-failover-abort-not-elected": "It did not get enough votes in time: nothing happens.",
  "-failover-abort-no-good-slave":
    "No replica will do: none answers, or all have been away from the primary for too long.",
  "-failover-abort-slave-timeout": "The chosen replica did not become a primary in time.",
  "-failover-abort-x-sdown": "The chosen replica does not answer any more.",
  "+tilt": "Its clock jumped, or it stood still: it trusts nothing that it measured, and only looks on for 30 seconds.",
  "-tilt": "It trusts its clock again.",
  "-monitor": "It does not watch this primary any more.",
  "+set": "An option of this primary was changed.",
  "+script-error": "A script could not be run.",
};

/** What an event means. @param {string} name */
export const meaning = (name) => WORDS[name] ?? "";

const SHAPES = {
  dot: "M-2 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0",
  ring: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0M-2 0a2 2 0 1 1 4 0a2 2 0 1 1 -4 0",
  down: "M-5 -4H5L0 5Z",
  up: "M-5 4H5L0 -5Z",
  vote: "M0 -5L5 0L0 5L-5 0Z",
  bar: "M-1.5 -7H1.5V7H-1.5Z",
  star: "M0 -7L2 -2L7 0L2 2L0 7L-2 2L-7 0L-2 -2Z",
};

/** @type {Record<string, {shape: string, level: "bad" | "good" | "plain"}>} */
const MARKS = {
  "+sdown": { shape: SHAPES.ring, level: "bad" },
  "+odown": { shape: SHAPES.down, level: "bad" },
  "-sdown": { shape: SHAPES.ring, level: "good" },
  "-odown": { shape: SHAPES.up, level: "good" },
  "+new-epoch": { shape: SHAPES.bar, level: "plain" },
  "+try-failover": { shape: SHAPES.bar, level: "plain" },
  "+vote-for-leader": { shape: SHAPES.vote, level: "plain" },
  "+elected-leader": { shape: SHAPES.star, level: "good" },
  "+selected-slave": { shape: SHAPES.up, level: "plain" },
  "+promoted-slave": { shape: SHAPES.star, level: "good" },
  "+switch-master": { shape: SHAPES.star, level: "good" },
  "+config-update-from": { shape: SHAPES.bar, level: "good" },
  "+failover-end": { shape: SHAPES.bar, level: "good" },
  "+convert-to-slave": { shape: SHAPES.down, level: "plain" },
  "+tilt": { shape: SHAPES.down, level: "bad" },
  "-tilt": { shape: SHAPES.up, level: "good" },
};

/** How an event is drawn. @param {string} name */
export const mark = (name) =>
  MARKS[name] ?? { shape: SHAPES.dot, level: name.startsWith("-failover-abort") ? "bad" : "plain" };

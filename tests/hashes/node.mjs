// The recorded worlds in Node:  node tests/hashes/node.mjs '"target"'
import { readFileSync } from "node:fs";
import { Estate } from "../../pkg/redlab.js";
import "../support/engine.mjs";
import { playAll } from "./play.mjs";

const target = JSON.parse(process.argv[2] ?? '"target"');
console.log(JSON.stringify(playAll(Estate, JSON.parse(readFileSync(`${target}/tmp/worlds.json`, "utf8")))));

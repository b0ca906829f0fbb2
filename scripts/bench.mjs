// All benches, printed as ratios:  npm run bench [-- words]   (only those whose name contains one of the words)
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { globSync } from "./glob.mjs";

const words = process.argv.slice(2);
const wanted = (name) => !words.length || words.some((word) => name.includes(word));
const run = (cmd, ...args) => {
  const { status } = spawnSync(cmd, args, { stdio: "inherit" });
  if (status !== 0) failed.push([cmd, ...args].join(" "));
  return status === 0;
};
const failed = [];

run("node", "scripts/setup.mjs", "--tests");
for (const file of readdirSync("benches").filter((f) => f.endsWith(".rs"))) {
  const name = file.replace(".rs", "");
  if (!wanted(`benches/${name}`)) continue;
  console.log(`\n== benches/${file}`);
  run("cargo", "bench", "--quiet", "--bench", name);
}

// A bench in bench/ that exports nothing but runs; lib, client, page and pages are parts of others.
const scripts = globSync("bench", ".mjs").filter((f) => !/\/(lib|client|page)\.mjs$/.test(f) && !f.includes("/page/"));
const chosen = scripts.filter(wanted);
if (chosen.length) {
  run("cargo", "xtask", "build");
  if (chosen.some((f) => /compare-cli|persist|scripts/.test(f))) {
    run("cargo", "build", "--quiet", "--release", "--features", "server", "--bin", "redlab-server");
  }
}
for (const file of chosen) {
  console.log(`\n== ${file}`);
  run("node", file);
}
for (const command of failed) console.error(`failed: ${command}`);
process.exit(failed.length ? 1 : 0);

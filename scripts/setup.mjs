// Runs before `npm start` and `npm test`. Uses nothing but Node; does nothing when all is there.
//   node scripts/setup.mjs            Rust's wasm target, npm packages
//   node scripts/setup.mjs --tests    and a browser and the oracle, where this machine lets us install them
//   node scripts/setup.mjs --browsers and Firefox and WebKit, for the long runs
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { asRoot, tools, which } from "./tools.mjs";

const run = (cmd, ...args) => {
  console.log(`$ ${[cmd, ...args].join(" ")}`);
  execFileSync(cmd, args, { stdio: "inherit" });
};

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

const rust = () => {
  if (!which("cargo")) {
    console.error("\nRust is missing. Install rustup (https://rustup.rs), then run this again.\n");
    process.exit(1);
  }
  if (!which("rustup")) return; // a distribution's Rust: cargo itself says what is missing
  const { status, stdout } = spawnSync("rustup", ["target", "list", "--installed"], { encoding: "utf8" });
  if (status !== 0 || !stdout.includes("wasm32-unknown-unknown")) {
    run("rustup", "toolchain", "install", "--no-self-update"); // reads rust-toolchain.toml
  }
};

const packages = () => {
  if (modified("package-lock.json") > modified("node_modules/.package-lock.json")) run("npm", "ci");
};

/** What is missing, by the names of its packages. @param {(string | false)[]} packages */
const install = (...packages) => {
  const want = packages.filter(Boolean);
  if (!want.length) return;
  const root = tools().apt ? asRoot() : undefined;
  if (!root) return console.log(`not installed: ${want.join(", ")} (needs apt-get as root)`);
  const apt = (...args) => run(...root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args);
  try {
    apt("update", "-qq");
    apt("install", "-y", "-qq", "--no-install-recommends", ...want);
  } catch {
    console.log(`not installed: ${want.join(", ")} (apt-get failed, see above)`);
  }
};

const browser = () => {
  const have = tools();
  install(!have.chromium && "chromium", !have.chromedriver && "chromium-driver");
};

const moreBrowsers = () => {
  const have = tools();
  install(!have.firefox && "firefox-esr", !have.webkit && "webkit2gtk-driver", !have.xvfb && "xvfb");
};

const oracle = () => {
  if (tools().oracle) return;
  const { status } = spawnSync("bash", ["scripts/oracle.sh"], { stdio: "inherit" });
  if (status !== 0) console.log("not installed: the oracle, valkey-server (see above)");
};

rust();
packages();
// The compiler says nothing while it builds the build tool.
if (!existsSync("pkg/redlab_bg.wasm"))
  console.log("Building the engine, Rust to WebAssembly: some minutes the first time, seconds after that.");
if (process.argv.includes("--tests")) {
  browser();
  oracle();
}
if (process.argv.includes("--browsers")) moreBrowsers();

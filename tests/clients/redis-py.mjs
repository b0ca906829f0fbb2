// redis-py, brought by pip into a folder of its own.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tools } from "../../scripts/tools.mjs";

const VERSION = "5.2.1";
const root = new URL("../..", import.meta.url).pathname;

/** Where redis-py is and the Python to run it with, or the reason why it cannot be had. */
export const redisPy = () => {
  const { python } = tools();
  if (!python) return { reason: "no python3 on this machine" };
  const folder = `${root}.cache/redis-py-${VERSION}`;
  if (!existsSync(`${folder}/redis`)) {
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    const args = [...pip, "--target", folder, `redis==${VERSION}`];
    const { status, stderr } = spawnSync(python, args, { encoding: "utf8", timeout: 120_000 });
    if (status !== 0) return { reason: `pip cannot install redis ${VERSION}: ${stderr.trim().split("\n").at(-1)}` };
  }
  return { python, folder };
};

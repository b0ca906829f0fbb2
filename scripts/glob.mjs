import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Files beneath a folder whose names end so, sorted. @param {string} dir @param {...string} endings @returns {string[]} */
export const globSync = (dir, ...endings) =>
  !existsSync(dir)
    ? []
    : readdirSync(dir, { withFileTypes: true })
        .flatMap((entry) => {
          const path = join(dir, entry.name);
          if (entry.isDirectory()) return globSync(path, ...endings);
          return endings.some((ending) => path.endsWith(ending)) ? [path] : [];
        })
        .sort();

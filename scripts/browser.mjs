// The Chromium that the browser tests drive.
import { tools } from "./tools.mjs";

export const { chromium, chromedriver, firefox } = tools();

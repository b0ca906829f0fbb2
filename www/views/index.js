/** The views: every `*.view.js` of this folder registers itself. */
import "./views.css";
import "./views.js";

import.meta.glob("./*.view.js", { eager: true });

/** Worlds of several machines that the lab offers, by the words of its address; www/estate/presets.js builds them. */
export const ESTATES = [
  ["one", "One node"],
  ["primary-replicas", "A primary and two replicas"],
  ["chain", "A chain"],
  ["five", "Five independent nodes"],
  ["sentinel", "Three sentinels, a primary, two replicas"],
  ["sentinel-sites", "Five sentinels in two sites"],
  ["app-cache-database", "Application, cache and database"],
];

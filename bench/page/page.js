// Runs one worker after the other, each in its own thread, and leaves what they measured where the driver finds it.

/** @param {Worker} worker */
const answer = (worker) =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (e) => reject(new Error(e.message));
  }).finally(() => worker.terminate());

const run = async () => {
  const rounds = [];
  for (let i = 0; i < 3; i++) {
    const engine = await answer(new Worker(new URL("./engine.worker.js", import.meta.url), { type: "module" }));
    const mock = await answer(new Worker(new URL("./mock.worker.js", import.meta.url), { type: "module" }));
    rounds.push({ engine, mock });
  }
  return rounds;
};

Object.assign(window, { bench: run() });

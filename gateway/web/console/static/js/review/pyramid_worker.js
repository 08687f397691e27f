// Away from the page's thread: decodes an image once and hands out tiles of it, halved as often as the view needs.

const BASE = 2048; // pixels of the longest side of the level that is kept whole
let levels = [];
let opened = Promise.resolve();

self.addEventListener("message", ({ data }) => {
  if (data.type === "open") opened = open(data.blob, data.side).catch((failure) => self.postMessage({ type: "failed", why: failure.name }));
  else if (data.type === "tile") opened.then(() => tile(data)).catch(() => undefined); // one that cannot be made stays coarse
  else if (data.type === "close") self.close();
});

async function open(blob) {
  const whole = await createImageBitmap(blob);
  const count = Math.max(Math.ceil(Math.log2(Math.max(whole.width, whole.height) / BASE)), 0) + 1;
  levels = [Promise.resolve(whole)];
  // The coarsest first, from the whole image: something is seen before the levels between are made.
  const base = count === 1 ? await createImageBitmap(whole) : await shrunk(whole, whole, count - 1);
  self.postMessage({ type: "ready", width: whole.width, height: whole.height, levels: count, base }, [base]);
  for (let level = 1; level < count - 1; level += 1) levels.push(levels[level - 1].then((finer) => shrunk(finer, whole, level)));
}

function shrunk(from, whole, level) {
  return createImageBitmap(from, {
    resizeWidth: Math.ceil(whole.width / 2 ** level), resizeHeight: Math.ceil(whole.height / 2 ** level), resizeQuality: "medium",
  });
}

async function tile({ level, column, row, side }) {
  const source = await levels[level];
  const [x, y] = [column * side, row * side];
  const bitmap = await createImageBitmap(source, x, y, Math.min(side, source.width - x), Math.min(side, source.height - y));
  self.postMessage({ type: "tile", level, column, row, bitmap }, [bitmap]);
}

// An image as tiles at several sizes, so that a view of it costs what the screen shows and not what the image holds.
import { levelFor, tilesIn } from "./geometry.js";

const SIDE = 512; // pixels of a tile
const KEPT = 192; // tiles, of 1 MiB each: six screens of 1920 x 1080

export class Pyramid {
  #worker = new Worker(new URL("./pyramid_worker.js", import.meta.url), { type: "module" });
  #tiles = new Map();
  #asked = new Set();
  #base = null;
  #levels = 1;

  /** arrived: called whenever there is more to be seen. ready: settles once the whole image can be. */
  constructor(blob, arrived) {
    this.width = 0;
    this.height = 0;
    this.ready = new Promise((resolve, reject) => {
      this.#worker.addEventListener("message", ({ data }) => {
        if (data.type === "ready") {
          [this.width, this.height, this.#levels, this.#base] = [data.width, data.height, data.levels, data.base];
          resolve(this);
          arrived();
        } else if (data.type === "tile") {
          this.#keep(data);
          arrived();
        } else {
          reject(new Error(data.why));
        }
      });
      this.#worker.addEventListener("error", () => reject(new Error("worker")));
    });
    this.#worker.postMessage({ type: "open", blob });
  }

  /** Draws what `view` shows. ratio: device pixels per screen pixel. */
  draw(context, view, stage, ratio) {
    if (!this.#base) return;
    const scale = view.scale * ratio;
    context.imageSmoothingEnabled = scale < 2; // from two device pixels each on, a pixel is a square
    context.imageSmoothingQuality = "low";
    const level = levelFor(scale, this.#levels);
    const place = (x, y, width, height) => {
      const [left, top] = [Math.round((x - view.x) * scale), Math.round((y - view.y) * scale)];
      return [left, top, Math.round((x + width - view.x) * scale) - left, Math.round((y + height - view.y) * scale) - top];
    };
    const tiles = level === this.#levels - 1 ? [] : tilesIn(view, stage, level, this, SIDE);
    const there = tiles.filter((tile) => this.#has(tile));
    if (tiles.length === 0 || there.length < tiles.length) context.drawImage(this.#base, ...place(0, 0, this.width, this.height));
    for (const tile of there) {
      const bitmap = this.#tiles.get(keyOf(tile));
      const unit = 2 ** level;
      context.drawImage(bitmap, ...place(tile.x, tile.y, Math.min(bitmap.width * unit, this.width - tile.x), Math.min(bitmap.height * unit, this.height - tile.y)));
    }
  }

  close() {
    this.#worker.terminate();
    for (const bitmap of [this.#base, ...this.#tiles.values()]) bitmap?.close();
    this.#tiles.clear();
    this.#base = null;
  }

  /** Whether a tile is here; asks for it otherwise. */
  #has(tile) {
    const key = keyOf(tile);
    const bitmap = this.#tiles.get(key);
    if (bitmap) {
      this.#tiles.delete(key); // to the end: what is used last is dropped last
      this.#tiles.set(key, bitmap);
      return true;
    }
    if (!this.#asked.has(key)) {
      this.#asked.add(key);
      this.#worker.postMessage({ type: "tile", level: tile.level, column: tile.column, row: tile.row, side: SIDE });
    }
    return false;
  }

  #keep(tile) {
    this.#asked.delete(keyOf(tile));
    this.#tiles.set(keyOf(tile), tile.bitmap);
    while (this.#tiles.size > KEPT) {
      const [oldest, bitmap] = this.#tiles.entries().next().value;
      this.#tiles.delete(oldest);
      bitmap.close();
    }
  }
}

const keyOf = (tile) => `${tile.level}/${tile.column}/${tile.row}`;

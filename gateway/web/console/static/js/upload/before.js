// Before and after, side by side. "Before" is drawn here from the chosen file and never leaves this page; "after" is
// the sanitized copy. Both are pixels on a canvas: no address, no cache, and gone when the page is left.
import { ask } from "./net.js";

const SHOWN = 6; // the newest; older ones are on the batch's page
const WIDTH = 480; // px; enough for a card on a dense screen

export class Released {
  /** place: where the cards go; card: the section around it, shown with the first. */
  constructor(card, place, batch) {
    this.card = card;
    this.place = place;
    this.batch = batch;
    this.waiting = [];
    this.working = false;
    addEventListener("pagehide", () => this.place.replaceChildren()); // a page kept for "back" keeps no picture
  }

  show(item) {
    this.waiting.push(item);
    // Each look is on the log: what would be pushed out at once is not looked at.
    this.waiting = this.waiting.slice(-SHOWN);
    if (!this.working) this.#work();
  }

  async #work() {
    this.working = true;
    while (this.waiting.length > 0) {
      const item = this.waiting.shift();
      const pair = await Promise.all([before(item), this.#after(item)]);
      this.place.prepend(cardOf(item, pair));
      while (this.place.children.length > SHOWN) this.place.lastChild.remove();
      this.card.hidden = false;
    }
    this.working = false;
  }

  async #after(item) {
    try {
      const copy = await ask("GET", `/batches/${await this.batch()}/images/${item.asset}/copy`, null, { blob: true });
      return await drawn(copy);
    } catch {
      return words("The copy could not be shown. It is released all the same.");
    }
  }
}

async function before(item) {
  try {
    return await drawn(item.file);
  } catch {
    return words("This browser cannot draw this format."); // HEIC, in most
  }
}

async function drawn(blob) {
  const bitmap = await createImageBitmap(blob, { resizeWidth: WIDTH, resizeQuality: "medium" });
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  canvas.setAttribute("role", "img");
  return canvas;
}

function words(text) {
  const place = document.createElement("div");
  place.className = "bare-place";
  place.textContent = text;
  return place;
}

function cardOf(item, [first, second]) {
  const card = document.createElement("article");
  card.className = "pic";
  const pair = document.createElement("div");
  pair.className = "pair";
  pair.append(figure(first, "Before", item), figure(second, "After", item));
  const meta = document.createElement("p");
  meta.className = "meta";
  const name = document.createElement("span");
  name.textContent = name.title = item.name;
  const what = document.createElement("span");
  what.className = "push nowrap";
  what.textContent = item.happened;
  meta.append(name, what);
  card.append(pair, meta);
  return card;
}

function figure(drawing, word, item) {
  const made = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = word;
  if (drawing instanceof HTMLCanvasElement) drawing.setAttribute("aria-label", `${word}: ${item.name}`);
  made.append(drawing, caption);
  return made;
}

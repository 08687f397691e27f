// The image, one frame after another: each is asked for by itself, and each time on the log. Most images have one.
import { send } from "../http.js";
import { Pyramid } from "../review/pyramid.js";

export class Frames {
  #path;
  #count;
  #redraw;
  #seen = new Set();

  /** redraw: called whenever there is more to be seen. */
  constructor(task, count, redraw) {
    this.#path = `/tasks/${task}/image`;
    this.#count = count;
    this.#redraw = redraw;
    this.picture = null;
    this.fetching = false;
  }

  get several() { return this.#count > 1; }
  get unseen() { return this.#count - this.#seen.size; }
  get seenWords() { return `${this.#seen.size} of ${this.#count}`; }
  has(frame) { return frame >= 0 && frame < this.#count; }
  words(frame) { return `Frame ${frame + 1} of ${this.#count}`; }

  /** Puts a frame in the place of the one before; throws Problem, or what the browser says of a picture it cannot show. */
  async look(frame) {
    this.fetching = true;
    try {
      // By POST and drawn on a canvas: there is no address, no file and no element that could be saved.
      const bytes = await send("POST", frame > 0 ? `${this.#path}?frame=${frame}` : this.#path);
      const picture = await opened(bytes, this.#redraw);
      this.picture?.close();
      this.picture = picture;
      this.#seen.add(frame);
    } finally {
      this.fetching = false;
    }
  }

  close() {
    this.picture?.close();
    this.picture = null;
  }
}

/** The picture, once it can be seen; of one that cannot nothing stays. */
async function opened(bytes, redraw) {
  const picture = new Pyramid(bytes, redraw);
  try {
    return await picture.ready;
  } catch (failure) {
    picture.close();
    throw failure;
  }
}

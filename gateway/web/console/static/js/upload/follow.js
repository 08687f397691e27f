// How the images that were sent are getting on: asked for until each is settled, less often while nothing changes.
import { ask } from "./net.js";

const SHORTEST = 1000; // ms between two questions
const LONGEST = 10_000;
const HIDDEN = 30_000; // while nobody looks at the page
const AT_ONCE = 200; // images in one question, as the gateway takes it
const PATIENT = ["needs_review"]; // a person decides: asked for as well, last

export class Follower {
  /** onChange(item, told): an image came to another state. onTrouble(trouble): it could not be asked, or null. */
  constructor(batch, { onChange, onTrouble }) {
    this.batch = batch;
    this.onChange = onChange;
    this.onTrouble = onTrouble;
    this.followed = new Map(); // items by the ids of their images: several files may be one image
    this.pause = SHORTEST;
    this.timer = null;
    document.addEventListener("visibilitychange", () => this.#soon());
  }

  follow(item) {
    this.followed.set(item.asset, [...(this.followed.get(item.asset) ?? []), item]);
    this.#soon();
  }

  #soon() {
    this.pause = SHORTEST;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#look(), document.hidden ? HIDDEN : this.pause);
  }

  async #look() {
    const waiting = [...this.followed].sort(([, one], [, other]) => isPatient(one) - isPatient(other));
    const asked = waiting.slice(0, AT_ONCE).map(([asset]) => asset);
    if (asked.length === 0) return;
    let changed = false;
    try {
      const { images } = await ask("POST", `/batches/${await this.batch()}/look`, { assets: asked }, { quiet: true });
      this.onTrouble(null);
      for (const [asset, told] of Object.entries(images)) changed = this.#take(asset, told) || changed;
    } catch (trouble) {
      if (trouble.name !== "Trouble") throw trouble;
      this.onTrouble(trouble);
    }
    this.pause = changed ? SHORTEST : Math.min(this.pause * 1.5, LONGEST);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#look(), document.hidden ? HIDDEN : this.pause);
  }

  #take(asset, told) {
    const items = this.followed.get(asset) ?? [];
    const changed = items.some((item) => item.state !== told.state || item.happened !== told.happened);
    for (const item of items) this.onChange(item, told);
    // A settled image may change later, by a new policy, say: that is for the batch's page.
    if (told.settled && !PATIENT.includes(told.state)) this.followed.delete(asset);
    return changed;
  }
}

function isPatient(items) {
  return Number(items.every((item) => PATIENT.includes(item.state)));
}

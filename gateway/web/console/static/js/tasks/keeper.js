// Keeps the work: drafts on the server, the lease while somebody works, an end as soon as it may not go on.
import { send } from "../http.js";

const SAVE_MS = 700; // after the last change
const RETRY_MS = 5_000;
const ASK_MS = 10_000; // so often the page asks whether it may still show the image
const ACTIVE_MS = 60_000; // somebody who did something in the last minute is at work
const RENEW_S = 20 * 60; // seconds left, below which a lease is renewed for whoever is at work
export const WARN_S = 5 * 60;

export class Keeper {
  #path;
  #document;
  #on;
  #timer = null;
  #saving = Promise.resolve();
  #dirty = false;
  #ends = null;
  #active = performance.now();
  #over = false;
  #asking = null;

  /** document: a function that gives what is to be kept. on: { saved, unsaved, lease, over }. */
  constructor(task, lease, document, on) {
    this.#path = `/tasks/${task}`;
    this.#document = document;
    this.#on = on;
    this.#leased(lease);
    for (const kind of ["pointerdown", "keydown", "wheel"]) addEventListener(kind, () => { this.#active = performance.now(); }, { passive: true, capture: true });
    this.#asking = setInterval(() => this.#ask(), ASK_MS);
    addEventListener("visibilitychange", () => { if (globalThis.document.visibilityState === "hidden") this.flush(); });
    addEventListener("beforeunload", (event) => { if (this.#dirty && !this.#over) event.preventDefault(); });
  }

  get dirty() { return this.#dirty; }

  /** Something changed: it is kept soon. */
  changed() {
    this.#dirty = true;
    this.#on.unsaved();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), SAVE_MS);
  }

  /** Keeps what is there now; one request at a time, the last state wins. */
  flush() {
    clearTimeout(this.#timer);
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save() {
    if (!this.#dirty || this.#over) return;
    this.#dirty = false;
    try {
      const { saved } = await send("PUT", `${this.#path}/draft`, this.#document());
      if (!this.#dirty) this.#on.saved(new Date(saved));
    } catch (problem) {
      this.#dirty = true;
      this.#failed(problem);
      if (!this.#over) this.#timer = setTimeout(() => this.flush(), RETRY_MS);
    }
  }

  /** Submits; gives where to go on. Throws Problem. */
  async submit() {
    clearTimeout(this.#timer);
    await this.#saving;
    const answer = await send("POST", `${this.#path}/labels`, this.#document());
    this.stop();
    return answer.next;
  }

  async renew() {
    this.#active = performance.now();
    try {
      this.#leased(await send("POST", `${this.#path}/renew`));
    } catch (problem) {
      this.#failed(problem);
    }
  }

  /** No more requests: the work is over, or the page is left. */
  stop() {
    this.#over = true;
    clearTimeout(this.#timer);
    clearInterval(this.#asking);
  }

  async #ask() {
    if (this.#over) return;
    const atWork = performance.now() - this.#active < ACTIVE_MS;
    if (atWork && this.#left() < RENEW_S) return this.renew();
    try {
      this.#leased(await send("GET", `${this.#path}/lease`, undefined, { quiet: true }));
    } catch (problem) {
      this.#failed(problem);
    }
  }

  #leased({ lease }) {
    this.#ends = performance.now() + lease * 1000;
    this.#on.lease(this.#left());
  }

  #left() {
    return Math.max((this.#ends - performance.now()) / 1000, 0);
  }

  #failed(problem) {
    // Refused, gone, or somebody else's by now.
    if ([403, 404, 409].includes(problem.status)) {
      this.stop();
      this.#on.over();
    } else {
      this.#on.unsaved(problem);
    }
  }
}

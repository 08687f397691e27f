// Which file is sent when: three at a time, in the order in which they came; what fails in passing, later again.

const AT_ONCE = 3;
const SHORTEST = 1000; // ms before the first new try; doubled for each that follows
const LONGEST = 30_000;

export class Queue {
  /** send(item, signal): sends one file. Resolves when it is over, well or not; throws a Trouble for what passes.
   * onChange(): something began, ended or waits. onTrouble(trouble): a passing one, or null once it is over. */
  constructor(send, { onChange, onTrouble }) {
    this.send = send;
    this.onChange = onChange;
    this.onTrouble = onTrouble;
    this.waiting = [];
    this.going = new Map();
    this.paused = false;
    this.failures = 0;
    this.timer = null;
    addEventListener("online", () => this.#again());
  }

  add(items) {
    this.waiting.push(...items);
    this.#fill();
  }

  get busy() {
    return this.waiting.length > 0 || this.going.size > 0;
  }

  pause() {
    this.paused = true;
    for (const stop of this.going.values()) stop.abort();
    this.onChange();
  }

  go() {
    this.paused = false;
    this.#again();
  }

  #again() {
    clearTimeout(this.timer);
    this.timer = null;
    this.#fill();
  }

  #fill() {
    while (!this.paused && this.timer === null && this.going.size < AT_ONCE && this.waiting.length > 0) this.#begin(this.waiting.shift());
    this.onChange();
  }

  async #begin(item) {
    const stop = new AbortController();
    this.going.set(item, stop);
    try {
      await this.send(item, stop.signal);
      this.failures = 0;
      this.onTrouble(null);
    } catch (trouble) {
      this.waiting.unshift(item); // its turn again, from where it stands
      if (trouble.name !== "AbortError") this.#wait(trouble);
    }
    this.going.delete(item);
    this.#fill();
  }

  #wait(trouble) {
    if (trouble.name !== "Trouble") throw trouble;
    if (this.timer !== null) return; // another of the three has found the same
    const pause = Math.min(SHORTEST * 2 ** this.failures, LONGEST);
    this.failures += 1;
    // A little apart, so that many pages do not come back at the same moment.
    this.timer = setTimeout(() => this.#again(), pause * (0.75 + Math.random() / 2));
    this.onTrouble(trouble);
  }
}

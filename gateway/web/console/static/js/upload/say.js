// What a screen reader is told: a sentence every few seconds at most, with the newest figures, and nothing twice.

const EVERY = 5000; // ms

export class Sayer {
  constructor(place) {
    this.place = place;
    this.next = null;
    this.last = "";
    this.timer = null;
  }

  /** Says `text` soon; what was to be said before it and was not yet is dropped. */
  say(text) {
    this.next = text;
    this.timer ??= setTimeout(() => this.#now(), this.last ? EVERY : 0);
  }

  #now() {
    this.timer = null;
    if (this.next === this.last) return;
    this.place.textContent = this.last = this.next;
  }
}

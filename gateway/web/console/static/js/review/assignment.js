// How long the image on the stage is this person's: shown, renewed while they work, and over when it is over.

const RENEW_AFTER = 4 * 60_000; // each renewal is an entry of the log, so not more often
const LOOK = 5_000;

export class Assignment {
  #timer = null;
  #until = 0;
  #renewed = 0;
  #active = 0;

  /** renew: asks for more time and returns until when; lapsed: called once when the time is over. */
  constructor({ renew, lapsed, told }) {
    Object.assign(this, { renew, lapsed, told });
    for (const name of ["pointerdown", "keydown", "wheel"]) {
      document.addEventListener(name, () => { this.#active = Date.now(); }, { passive: true, capture: true });
    }
  }

  begin(until) {
    this.end();
    this.#renewed = this.#active = Date.now();
    this.#set(until);
    this.#timer = setInterval(() => this.#look(), LOOK);
  }

  end() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #set(until) {
    this.#until = Date.parse(until);
    this.told(this.#until);
  }

  async #look() {
    const now = Date.now();
    if (now >= this.#until) {
      this.end();
      this.lapsed();
    } else if (now - this.#renewed > RENEW_AFTER && this.#active > this.#renewed) {
      this.#renewed = now;
      try {
        this.#set(await this.renew());
      } catch {
        // It lapses when it lapses; the next round asks again.
      }
    }
  }
}

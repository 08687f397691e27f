// What this browser keeps of an unfinished batch, to go on with after a reload: ids, and codes of files.
//
// A workstation is shared, and a file is often named after a patient. So no name is kept: a file is known again by
// an HMAC of its path, size and time, under a key of this person's that the gateway gives and this page alone holds.
// Whoever sits here next gets another key, and can neither read a name nor try one out.

const KEPT = "privgate.uploads";
const LASTS = 24 * 3600 * 1000; // ms; as long as the gateway keeps what has arrived of a file
const PAUSE = 400; // ms between two writings

export class Memory {
  /** key: 32 bytes in hex. Without WebCrypto (a page over plain http from afar) nothing is kept. */
  static async open(person, key) {
    const bytes = Uint8Array.from(key.match(/../g), (pair) => parseInt(pair, 16));
    const usable = await crypto.subtle?.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Memory(person, usable ?? null);
  }

  constructor(person, key) {
    this.person = person;
    this.key = key;
    this.timer = null;
    this.batch = this.#read();
    addEventListener("pagehide", () => this.#write());
  }

  /** The code of a file: the same for the same path, size and time, and for nobody else. */
  async codeOf(path, file) {
    if (this.key === null) return null;
    const said = new TextEncoder().encode(JSON.stringify([path, file.size, file.lastModified]));
    const mac = new Uint8Array(await crypto.subtle.sign("HMAC", this.key, said));
    return btoa(String.fromCharCode(...mac.slice(0, 16))).replace(/=+$/, "");
  }

  /** A batch begins. */
  begin(id, dataset) {
    this.batch = { id, dataset, files: {}, until: 0 };
    this.#later();
  }

  /** What a file became: the id of its upload while it is on its way, that of its image afterwards. */
  note(code, id) {
    if (code === null || this.batch === null) return;
    this.batch.files[code] = id;
    this.#later();
  }

  idOf(code) {
    return (code !== null && this.batch?.files[code]) || null;
  }

  forget() {
    this.batch = null;
    this.#write();
  }

  #later() {
    this.timer ??= setTimeout(() => this.#write(), PAUSE);
  }

  #write() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.key === null) return;
    try {
      const all = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
      if (this.batch) all[this.person] = { ...this.batch, until: Date.now() + LASTS };
      else delete all[this.person];
      localStorage.setItem(KEPT, JSON.stringify(all));
    } catch {
      // Storage is off or full: after a reload files are sent anew, and known again by their bytes.
    }
  }

  #read() {
    if (this.key === null) return null;
    try {
      const all = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
      const lasting = Object.entries(all).filter(([, batch]) => batch.until > Date.now());
      if (lasting.length < Object.keys(all).length) localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(lasting)));
      return Object.fromEntries(lasting)[this.person] ?? null;
    } catch {
      return null;
    }
  }
}

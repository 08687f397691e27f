// The batch that files go into: made when the first of them needs it, gone on with after a reload, finished at last.
import { ask } from "./net.js";

/** What memory.js keeps, in place of an id, of a file that was not taken. */
export const REFUSED = "refused";

export class BatchOf {
  /** select: the choice of the dataset, held from then on. onBegin(id): it is known. */
  constructor(select, memory, onBegin) {
    this.select = select;
    this.memory = memory;
    this.onBegin = onBegin;
    this.making = null;
    this.unsaid = []; // refusals that no batch knows of yet
  }

  get id() {
    return this.known ?? null;
  }

  /** Goes on with a batch that is open. */
  adopt(id) {
    if (this.memory.batch?.id !== id) this.memory.begin(id, this.select.value);
    this.#settle(id);
  }

  /** Its id. fresh: another one, since this one is closed. */
  get(fresh = false) {
    if (fresh) this.making = null;
    this.making ??= this.#make().catch((trouble) => {
      this.making = null;
      throw trouble;
    });
    return this.making;
  }

  /** Counts a file that was not taken, for the reason `code`. At most once: a lost answer is no reason to count again,
   * nor is a reload: `mark`, the code that the file is known by, is kept with the batch. */
  async refused(code, mark) {
    this.unsaid.push({ code, mark });
    if (this.id !== null) await this.#report();
  }

  async finish() {
    await this.#report();
    const form = new Blob(["back=false"], { type: "application/x-www-form-urlencoded" });
    await ask("POST", `/batches/${this.id}/close`, form);
    this.memory.forget();
  }

  async #make() {
    const { batch } = await ask("POST", "/upload/batches", { dataset: this.select.value });
    this.memory.begin(batch, this.select.value);
    this.#settle(batch);
    return batch;
  }

  #settle(id) {
    this.known = id;
    this.making = Promise.resolve(id);
    this.select.disabled = true;
    this.onBegin(id);
    this.#report();
  }

  async #report() {
    const said = this.unsaid.splice(0);
    const counts = new Map();
    for (const { code, mark } of said) {
      this.memory.note(mark, REFUSED);
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    for (const [code, files] of counts) {
      await ask("POST", "/upload/refusals", { batch: this.id, code, files }).catch(() => null);
    }
  }
}

// One file's way to the gateway: begun, sent in pieces, gone on with from the last byte that arrived for good.
import { ask, carry, Trouble } from "./net.js";

const BODY = { "Content-Type": "application/offset+octet-stream" };
const BUSY = 409;

export class Sender {
  /** batch(): the id of the batch, made when the first file needs it; batch(true): a new one. memory: see memory.js. */
  constructor({ batch, dataset, memory, onProgress }) {
    this.batch = batch;
    this.dataset = dataset;
    this.memory = memory;
    this.onProgress = onProgress;
  }

  /** Sends `item` and gives { asset, duplicate }, or { refused } with a code. Throws a passing Trouble. */
  async send(item, signal) {
    try {
      return await this.#send(item, signal);
    } catch (trouble) {
      if (trouble.name !== "Trouble" || trouble.passing) throw trouble;
      return this.#mended(item, trouble, signal);
    }
  }

  async #send(item, signal) {
    let stands = await this.#begin(item, signal);
    while (stands.asset === null) {
      const from = stands.received;
      const piece = item.file.slice(from, from + stands.piece);
      const onSent = (bytes) => this.onProgress(item, from + Math.min(bytes, piece.size));
      this.onProgress(item, from);
      const headers = { ...BODY, "Upload-Offset": String(from) };
      stands = await ask("PATCH", `/upload/files/${item.upload}`, await held(piece), { headers, signal, onSent });
    }
    this.memory.note(item.code, stands.asset);
    return { asset: stands.asset, duplicate: stands.duplicate };
  }

  async #begin(item, signal) {
    if (item.upload) return ask("GET", `/upload/files/${item.upload}`, null, { signal });
    const body = { dataset: this.dataset(), batch: await this.batch(), bytes: item.file.size, name: item.path };
    const stands = await ask("POST", "/upload/files", body, { signal });
    item.upload = stands.upload;
    this.memory.note(item.code, stands.upload);
    return stands;
  }

  // What does not pass by itself, but can be mended from here; the rest is the file's own, and it is refused.
  async #mended(item, trouble, signal) {
    const known = item.upload !== null;
    if (trouble.status === 404 && known) item.upload = null; // it had expired
    else if (trouble.status === BUSY && known) item.tries += 1; // it stands elsewhere than we thought
    else if (trouble.code === "batch.closed") await this.batch(true);
    else if (trouble.code === "forged") carry((await ask("GET", "/upload/means", null, { signal })).token);
    else if (trouble.status === BUSY) throw later(trouble); // too many unfinished ones: room comes
    else if (trouble.status === 401 || trouble.status === 403) throw later(trouble);
    else return { refused: trouble.code, detail: trouble.message };
    if (++item.mended > 5) throw later(trouble);
    return this.send(item, signal);
  }
}

function later(trouble) {
  const passing = new Trouble(trouble.status, trouble.code, trouble.message);
  passing.passing = true;
  return passing;
}

// Read before it is sent: a file that cannot be read any more is told apart from a connection that broke.
async function held(piece) {
  try {
    return new Blob([await piece.arrayBuffer()]);
  } catch {
    throw new Trouble(422, "file.unreadable", "This computer could not read it.");
  }
}

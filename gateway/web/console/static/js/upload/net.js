// What the upload page asks of the gateway. Unlike http.js it never leaves the page: the chosen files would be lost.

/** What went wrong. status 0: no answer came. passing: the same may work later, so it is tried again. */
export class Trouble extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.name = "Trouble";
    this.status = status;
    this.code = code;
    this.passing = status === 0 || status === 408 || status === 429 || status >= 500;
  }
}

let token = "";

/** The token that the next requests carry. */
export function carry(fresh) {
  token = fresh;
}

/** Sends `body` (a Blob, or what becomes JSON) and gives the answer's JSON, a Blob where `blob` is set, or null.
 *
 * onSent: called with the bytes that went out so far. quiet: nobody's activity. Throws Trouble, and an AbortError. */
export function ask(method, url, body = null, { headers = {}, signal = null, onSent = null, quiet = false, blob = false } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(stopped());
    const request = new XMLHttpRequest(); // fetch does not tell how much of a body has gone out
    request.open(method, url);
    request.responseType = blob ? "blob" : "text";
    request.setRequestHeader("Accept", "application/json");
    if (method !== "GET") request.setRequestHeader("X-Privgate-Token", token);
    if (quiet) request.setRequestHeader("X-Privgate-Quiet", "1");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    const stop = () => request.abort();
    signal?.addEventListener("abort", stop);
    request.addEventListener("loadend", () => signal?.removeEventListener("abort", stop));
    request.addEventListener("abort", () => reject(stopped()));
    request.addEventListener("error", () => reject(new Trouble(0, "connection", "The connection was lost.")));
    request.addEventListener("load", () => settle(request, blob, resolve, reject));
    if (onSent) request.upload.addEventListener("progress", (event) => onSent(event.loaded));
    if (body !== null && !(body instanceof Blob)) request.setRequestHeader("Content-Type", "application/json");
    request.send(body === null || body instanceof Blob ? body : JSON.stringify(body));
  });
}

function settle(request, blob, resolve, reject) {
  const { status } = request;
  if (status >= 200 && status < 300) {
    if (blob) return resolve(request.response);
    return resolve(request.responseText ? JSON.parse(request.responseText) : null);
  }
  const said = blob ? {} : problemOf(request.responseText);
  reject(new Trouble(status, said.code ?? `http.${status}`, said.detail ?? `The gateway answered ${status}.`));
}

function problemOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function stopped() {
  return new DOMException("stopped", "AbortError");
}

// Requests to the gateway from modules: the page's token goes with each, and what fails says what broke.

/** What the gateway answered instead: its words and its status. status 0: no answer came. said: the whole answer. */
export class Problem extends Error {
  constructor(title, detail, status, reference = null, said = {}) {
    super(detail ? `${title} ${detail}` : title);
    this.name = "Problem";
    this.title = title;
    this.detail = detail;
    this.status = status;
    this.reference = reference;
    this.said = said;
  }
}

/** The token of this page, which every request that changes something carries. */
export function token() {
  return document.querySelector('meta[name="privgate-token"]')?.content ?? "";
}

/** Where to sign in again, and come back to this page. */
export function signIn() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Sends `body` (FormData, a Blob, or what becomes JSON) and returns what the answer holds: JSON, text, or null.
 *
 * quiet: the page keeps itself fresh, which is nobody's activity. Throws Problem; a session that ended leads to the
 * sign-in page. */
export async function send(method, url, body, { signal, headers = {}, quiet = false } = {}) {
  const asked = { method, signal, credentials: "same-origin", redirect: "follow", headers: { Accept: "application/json", ...headers } };
  if (method !== "GET" && method !== "HEAD") asked.headers["X-Privgate-Token"] = token();
  if (quiet) asked.headers["X-Privgate-Quiet"] = "1";
  if (body instanceof FormData || body instanceof Blob || body instanceof ArrayBuffer) asked.body = body;
  else if (body !== undefined && body !== null) {
    asked.headers["Content-Type"] = "application/json";
    asked.body = JSON.stringify(body);
  }
  const answer = await reach(url, asked);
  if (answer.status === 401) signIn();
  if (!answer.ok) throw await problemOf(answer);
  return read(answer);
}

async function reach(url, asked) {
  try {
    return await fetch(url, asked);
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem("The gateway does not answer.", "Nothing was changed. Try again.", 0);
  }
}

async function read(answer) {
  if (answer.status === 204) return null;
  const type = answer.headers.get("Content-Type") ?? "";
  if (/\bjson\b/.test(type)) return answer.json();
  return type.startsWith("text/") ? answer.text() : answer.blob();
}

async function problemOf(answer) {
  const reference = answer.headers.get("X-Request-Id");
  try {
    const said = await answer.json();
    return new Problem(said.title ?? `Refused (${answer.status}).`, said.detail ?? "", answer.status, reference, said);
  } catch {
    return new Problem(`The gateway answered ${answer.status}.`, "Nothing was changed.", answer.status, reference);
  }
}

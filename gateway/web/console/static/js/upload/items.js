// The chosen files of one page, and what becomes of each.

let chosen = 0;

/** A file as the page follows it. code: what memory.js knows it by; id: of what it became in an earlier visit. */
export function itemOf({ file, path }) {
  chosen += 1;
  return {
    number: chosen, file, path, name: path.split("/").at(-1), code: null,
    state: "checking", happened: "", advice: "", link: null,
    upload: null, asset: null, duplicate: false, sent: 0, tries: 0, mended: 0,
  };
}

/** What two choices of the same file have in common. */
export function sameness({ file, path }) {
  return `${path}\n${file.size}\n${file.lastModified}`;
}

/** A file that is not taken, with the words for the code. */
export function refuse(item, code, words, detail = "") {
  item.state = "refused";
  [item.happened, item.advice] = words[code] ?? [detail || "It was not taken in", "Nothing of it was kept."];
}

/** A file whose last byte has arrived. first: the file of this page that brought the same bytes, if one did. */
export function arrive(item, { asset, duplicate }, batch, first) {
  Object.assign(item, { asset, duplicate, sent: item.file.size, state: "received", happened: "Arrived and sealed. Waits for its turn" });
  if (!duplicate) return;
  item.state = "already_here";
  item.same = first ? `Same bytes as ${first.name}, kept once.` : "Brought in before, kept once.";
  item.happened = item.same;
  item.link = `/batches/${batch}/images/${asset}`;
}

/** How its image stands by now. A file that only repeated bytes stays told as such, unless they came to harm. */
export function stand(item, told) {
  if (item.duplicate && told.state !== "quarantined") {
    item.happened = told.state === "already_here" ? told.happened : `${item.same} ${told.happened}`;
    return;
  }
  item.state = told.state;
  item.happened = told.happened;
  item.advice = told.advice;
}

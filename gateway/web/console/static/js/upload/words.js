// Numbers, sizes, times, and the words of states.

export const STATES = {
  waiting: { icon: "clock", word: "Waiting" },
  checking: { icon: "clock", word: "Waiting" },
  sending: { icon: "upload", word: "Sending", ground: "processing" },
  received: { icon: "in", word: "Received" },
  processing: { icon: "cycle", word: "Processing", ground: "processing" },
  needs_review: { icon: "eye", word: "Needs review", ground: "needs_review" },
  released: { icon: "check", word: "Released", ground: "released" },
  quarantined: { icon: "shield", word: "Quarantined", ground: "quarantined" },
  erased: { icon: "slash", word: "Erased", ground: "erased" },
  already_here: { icon: "copy", word: "Already here" },
  refused: { icon: "x", word: "Refused" },
};

const UNFINISHED = ["waiting", "checking", "sending", "received", "processing"];
const ATTENTION = ["needs_review", "quarantined", "refused"];

/** Whether a file belongs under one of the three buttons above the list. */
export function belongs(item, show) {
  if (show === "unfinished") return UNFINISHED.includes(item.state);
  return show === "all" || ATTENTION.includes(item.state);
}

export function number(n) {
  return n.toLocaleString("en-GB");
}

export function size(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e5) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

export function span(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

export function plural(n, one, several = `${one}s`) {
  return `${number(n)} ${n === 1 ? one : several}`;
}

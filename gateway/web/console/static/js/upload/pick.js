// Files and folders as they are dropped or chosen: each with the path that it has in what was chosen.

const SYSTEM = /^(\..*|thumbs\.db|desktop\.ini|__macosx)$/i; // made by systems, brought in by nobody

/** What a drop holds, folders walked through, as { file, path }. To be called while the event is handled. */
export async function dropped(transfer) {
  // The list is empty as soon as the event is over, so every entry is taken out of it first.
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  for (const entry of entries) {
    if (entry instanceof File) found.push({ file: entry, path: entry.name });
    else if (entry) await walk(entry, "", found);
  }
  return found.filter(isSomebodys);
}

/** What an <input type="file"> holds, as { file, path }. */
export function chosen(input) {
  return [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })).filter(isSomebodys);
}

function isSomebodys({ path }) {
  return !path.split("/").some((part) => SYSTEM.test(part));
}

async function walk(entry, under, found) {
  const path = under ? `${under}/${entry.name}` : entry.name;
  if (entry.isFile) {
    found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader gives a hundred entries at a time, and none at the end.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) await walk(one, path, found);
  }
}

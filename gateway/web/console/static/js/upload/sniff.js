// What a file is, by its first bytes. What is not taken is not sent at all: it does not leave this computer.
// The gateway looks for itself (gateway/imaging/formats.py) and holds whatever gets past this.

const LOOKED_AT = 4096;

const MARKS = [
  [128, "DICM", "format.dicom"],
  [8, "CR\x02\x00", "format.raw"],
  [0, "GIF8", null],
  [0, "II*\x00", null], // also most raw camera files: the gateway looks further
  [0, "MM\x00*", null],
  [0, "II+\x00", null],
  [0, "MM\x00+", null],
  [0, "FUJIFILMCCD-RAW", "format.raw"],
  [0, "8BPS", "format.psd"],
  [0, "\x00\x00\x01\x00", "format.ico"],
  [0, "v/1\x01", "format.openexr"],
  [0, "II\xbc\x01", "format.jpegxr"],
  [0, "%!PS", "format.postscript"],
  [0, "\xff\x0a", "format.jpegxl"],
  [0, "\x00\x00\x00\x0cJXL ", "format.jpegxl"],
  [0, "\x00\x00\x00\x0cjP  ", "format.jpeg2000"],
  [0, "\x1aE\xdf\xa3", "format.video"],
  [0, "\x00\x00\x01\xba", "format.video"],
  [0, "OggS", "format.video"],
  [4, "moov", "format.video"],
  [0, "PK\x03\x04", "format.archive"],
  [0, "\x1f\x8b", "format.archive"],
  [0, "7z\xbc\xaf", "format.archive"],
  [0, "Rar!", "format.archive"],
  [0, "\x7fELF", "format.program"],
  [0, "MZ", "format.program"],
  [0, "BM", null],
];
const HEIC = ["heic", "heix", "heim", "heis", "mif1"];
const SEQUENCES = ["hevc", "hevx", "hevm", "hevs", "msf1", "avis"];

/** Why a file is not taken, as a code, or null where it is. `most`: bytes that a file may have. */
export async function refusalOf(file, most) {
  if (file.size === 0) return "file.empty";
  if (file.size > most) return "limit.bytes";
  let head;
  try {
    head = latin(new Uint8Array(await file.slice(0, LOOKED_AT).arrayBuffer()));
  } catch {
    return "file.unreadable"; // moved, or on a drive that was taken out
  }
  return codeOf(head);
}

function latin(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function codeOf(head) {
  if (head.startsWith("\xff\xd8\xff") || head.startsWith("\x89PNG\r\n\x1a\n")) return null;
  if (head.startsWith("RIFF")) return head.startsWith("WEBP", 8) ? null : head.startsWith("AVI ", 8) ? "format.video" : "format.unsupported";
  if (head.startsWith("ftyp", 4)) return brand(head.slice(8, 12));
  const known = MARKS.find(([at, mark]) => head.startsWith(mark, at));
  if (known) return known[2]; // null: taken
  if (head.slice(0, 1024).includes("%PDF-")) return "format.pdf";
  return ofText(head);
}

function brand(major) {
  if (SEQUENCES.includes(major)) return "frames.multiple";
  if (major === "avif" || HEIC.includes(major)) return null;
  return major === "crx " ? "format.raw" : "format.video";
}

function ofText(head) {
  const lower = head.toLowerCase();
  if (lower.includes("<svg")) return "format.svg";
  if (lower.includes("<html") || lower.includes("<!doctype html")) return "format.html";
  const printable = [...head].filter((letter) => /[\t\r\n\x20-\x7e]/.test(letter)).length;
  return printable >= 0.95 * head.length ? "format.text" : "format.unsupported";
}

// What a reviewer has answered so far about one image, and the decision that it comes to. Pure: each act returns a
// new draft. A region is { key, kind, box, home, seen, tag, answer, reason, own }:
//   points: corners of what is hidden of the box, in order; null for all of it. outline: those of the copy.
//   home: the box that the sanitized copy hides; null where it hides nothing there (drawn, or only suspected).
//   answer: "open" (a person is asked), "unsure", "hide", "show"; settled regions begin with what was planned.
import { areaOf, contains, hull, same } from "./geometry.js";

/** Why a region need not be hidden: the closed list that the log takes. */
export const REASONS = [
  { code: "nothing_there", says: "Nothing there" },
  { code: "not_real", says: "Drawn, not real" },
  { code: "animal", says: "An animal" },
  { code: "duplicate", says: "Hidden twice" },
];

const LETTERS = { face: "F", license_plate: "P", text: "T", code: "C" };
export const NAMES = { face: "Face", license_plate: "Licence plate", text: "Text", code: "Code" };
/** The colour that a kind has over images, as a class. */
export const CLASSES = { face: "face", license_plate: "plate", text: "text", code: "code" };

/** The draft with which the work on a sheet begins: undecided regions first, then in image order. */
export function draftOf(sheet) {
  const order = (a, b) => a.box.y0 - b.box.y0 || a.box.x0 - b.box.x0;
  const hidden = sheet.regions.map((one) => ({
    key: `r${one.index}`, index: one.index, kind: one.kind, box: one.region, home: one.region, seen: one,
    answer: one.open ? "open" : "hide", asked: one.open, reason: null, own: false,
    points: outlineOf(one), outline: outlineOf(one),
  })).sort(order);
  const suspected = sheet.unhidden.map((one, index) => ({
    key: `s${index}`, index: null, kind: one.kind, box: one.region, home: null, seen: one,
    answer: "show", asked: false, reason: null, own: false,
  })).sort(order);
  const regions = [...hidden.filter((one) => one.asked), ...hidden.filter((one) => !one.asked), ...suspected];
  const numbered = [...regions].sort(order).map((one) => one.key);
  return { regions: regions.map((one) => ({ ...one, tag: `${LETTERS[one.kind]}${numbered.indexOf(one.key) + 1}` })), drawn: 0 };
}

const outlineOf = (one) => one.outline?.points.map(([x, y]) => ({ x, y })) ?? null;

export const isHidden = (region) => region.answer !== "show";
export const isOpen = (region) => region.answer === "open" || region.answer === "unsure";
export const openOnes = (draft) => draft.regions.filter(isOpen);
export const regionOf = (draft, key) => draft.regions.find((one) => one.key === key) ?? null;

function changed(draft, key, change) {
  return { ...draft, regions: draft.regions.map((one) => (one.key === key ? { ...one, ...change } : one)) };
}

/** Hides a region, or is not sure of it: then it stays hidden, and is still counted as open. */
export function answered(draft, key, answer) {
  const region = regionOf(draft, key);
  if (!region || (region.answer === answer && region.reason === null)) return draft;
  return changed(draft, key, { answer, reason: null });
}

/** Does not hide a region; said again, with the next reason. One that is one's own is taken away instead. */
export function shown(draft, key, reason = null) {
  const region = regionOf(draft, key);
  if (!region || region.seen?.always) return draft;
  if (region.own) return removed(draft, key);
  if (region.home === null) return region.answer === "show" ? draft : changed(draft, key, { answer: "show", box: region.seen.region });
  const at = REASONS.findIndex((one) => one.code === region.reason);
  const next = reason ?? REASONS[region.answer === "show" ? (at + 1) % REASONS.length : 0].code;
  return changed(draft, key, { answer: "show", reason: next, box: region.home, points: region.outline });
}

/** Adds a region of one's own; points: of the polygon, its hollows filled in; the box is the rectangle around it. */
export function drawn(draft, kind, box, points = null) {
  const number = draft.drawn + 1;
  const region = {
    key: `d${number}`, index: null, kind, box, home: null, seen: null, points: points && hull(points), answer: "hide", asked: false, reason: null,
    own: true, tag: `D${draft.regions.length + 1}`,
  };
  return { regions: [...draft.regions, region], drawn: number };
}

/** Takes away a region of one's own; another stays. */
export function removed(draft, key) {
  if (!regionOf(draft, key)?.own) return draft;
  return { ...draft, regions: draft.regions.filter((one) => one.key !== key) };
}

/** Another box. A region that was not hidden is hidden from now on: somebody cares where it is. */
export function placed(draft, key, box) {
  const region = regionOf(draft, key);
  if (!region || region.seen?.always || same(region.box, box)) return draft;
  return changed(draft, key, { box, points: null, answer: region.answer === "show" ? "hide" : region.answer, reason: null });
}

export function named(draft, key, kind) {
  const region = regionOf(draft, key);
  return region?.own && region.kind !== kind ? changed(draft, key, { kind }) : draft;
}

/** The smallest region under an image point, or null. */
export function regionAt(draft, point) {
  const under = draft.regions.filter((one) => contains(one.box, point));
  return under.sort((a, b) => areaOf(a.box) - areaOf(b.box))[0] ?? null;
}

/** The region `step` further in the list, round and round. */
export function neighbour(draft, key, step) {
  const { regions } = draft;
  if (regions.length === 0) return null;
  const at = regions.findIndex((one) => one.key === key);
  const next = at < 0 ? (step > 0 ? 0 : regions.length - 1) : (at + step + regions.length) % regions.length;
  return regions[next];
}

/** The open region behind `key`, or the first one, or null. */
export function nextOpen(draft, key) {
  const at = draft.regions.findIndex((one) => one.key === key);
  const round = [...draft.regions.slice(at + 1), ...draft.regions.slice(0, at + 1)];
  return round.find((one) => one.answer === "open" && one.key !== key) ?? null;
}

const addition = ({ kind, box, points }) => ({ kind, region: box, ...(points ? { polygon: points.map(({ x, y }) => [x, y]) } : {}) });

/** What the server is told. What is still open is hidden: to be sure errs towards hiding. */
export function decisionOf(draft) {
  const listed = draft.regions.filter((one) => one.index !== null);
  return {
    verdict: "release",
    moved: listed.filter((one) => isHidden(one) && !same(one.box, one.home)).map((one) => ({ index: one.index, region: one.box })),
    rejected: listed.filter((one) => !isHidden(one)).map((one) => ({ index: one.index, reason: one.reason })),
    added: draft.regions.filter((one) => one.index === null && isHidden(one)).map(addition),
  };
}

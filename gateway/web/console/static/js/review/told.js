// What the workbench says about regions: the list at the side, and why one of them is there.
import { drawn as icon } from "../icon.js";
import { CLASSES, NAMES, REASONS, isHidden, isOpen, openOnes } from "./draft.js";

const made = (tag, className = "", text = null) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== null) element.textContent = text;
  return element;
};

/** .4 as it is written here: two digits, no zero before the point. */
export const score = (value) => (value >= 0.995 ? "1.00" : value.toFixed(2).slice(1));
export const clock = (when) => new Date(when).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

const DETECTORS = { centerface: "CenterFace", mediapipe: "MediaPipe", clp: "Plate model", "ppocr-plates": "Text reader", ppocr: "Text finder", recheck: "second look" };
const DETECTOR = (name) => DETECTORS[name] ?? name;

/** The detectors that saw a region, in words. */
export function seenBy(seen) {
  if (seen?.always) return "Always hidden by the policy";
  if (!seen?.source) return seen ? "Put there by a reviewer" : "Drawn by you";
  const names = seen.source.split("+").map(DETECTOR);
  return names.length > 1 ? names.join(", ") : `${names[0]} only`;
}

export function nameOf(region) {
  const reading = region.seen?.reading;
  if (region.own && region.points) return `${NAMES[region.kind]}, polygon`;
  return reading && reading !== "unsure" ? `${NAMES[region.kind]}, a ${reading}` : NAMES[region.kind];
}

function stateOf(region) {
  if (region.answer === "unsure") return ["mark-q", "eye", "Not sure: hidden"];
  if (region.answer === "open") return ["mark-q", "eye", "To decide"];
  return isHidden(region) ? ["mark-y", "check", "Hidden"] : ["mark-n", "x", "Not hidden"];
}

/** Fills the list; `list` is a listbox, its options are chosen by pointer or by the keys of the page. */
export function fillList(list, draft, selected, choose) {
  list.replaceChildren(...draft.regions.map((region) => option(region, region.key === selected, choose)));
  if (selected) list.setAttribute("aria-activedescendant", `region-${selected}`);
  else list.removeAttribute("aria-activedescendant");
  list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
}

function option(region, chosen, choose) {
  const item = made("li", isHidden(region) ? "" : "no");
  item.id = `region-${region.key}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(chosen));
  const words = made("div");
  const reason = REASONS.find((one) => one.code === region.reason);
  const source = region.home === null && !region.own && !isHidden(region) ? `${seenBy(region.seen)}, too weak to hide` : seenBy(region.seen);
  words.append(made("p", "name", nameOf(region)), made("p", "src", reason ? `${source} · ${reason.says.toLowerCase()}` : source));
  const [mark, symbol, says] = stateOf(region);
  const state = made("span", `row tiny ${mark}`);
  state.append(icon(symbol), made("span", "word", says));
  const value = region.seen?.score;
  item.append(
    made("span", `idx ${region.own ? "own" : CLASSES[region.kind]}`, region.tag), words,
    made("span", "score", value === null || value === undefined ? "" : score(value)), state,
  );
  item.addEventListener("click", () => choose(region.key));
  return item;
}

/** "3 to decide", or that nothing is. */
export function countOpen(chip, draft) {
  const open = openOnes(draft).length;
  chip.className = open ? "chip needs_review push" : "chip released push";
  chip.replaceChildren(icon(open ? "eye" : "check"), open ? `${open} to decide` : "Nothing to decide");
}

/** One sentence: the rule that hides or would hide a region, and what was found. */
export function because(region) {
  const size = `${region.box.x1 - region.box.x0} × ${region.box.y1 - region.box.y0} px`;
  if (region.own && region.points) return `Drawn by you; the rectangle around it is hidden, ${size}: a region covers content always.`;
  if (region.own) return `Drawn by you, ${size}. It is hidden in the next copy, whatever the detectors saw.`;
  const { rule, seen } = region;
  const kind = NAMES[region.kind].toLowerCase();
  if (!rule) return `An earlier reviewer had this ${kind} hidden, ${size}.`;
  const law = rule.review < rule.hide
    ? `Hide every ${kind} of ${score(rule.review)} or more; ask a person below ${score(rule.hide)}.`
    : `Hide every ${kind} of ${score(rule.hide)} or more.`;
  if (seen.score === null) return `${law} A reviewer put this one here, ${size}.`;
  return `${law} ${seenBy(seen)}, at ${score(seen.score)}, ${size}.`;
}

/** The facts behind the sentence, as pairs: which line of the policy, its thresholds, who saw it. */
export function facts(region, sheet) {
  const { rule, seen } = region;
  const pairs = [["Size", `${region.box.x1 - region.box.x0} × ${region.box.y1 - region.box.y0} px at ${region.box.x0}, ${region.box.y0}`]];
  if (rule) {
    pairs.push(["Policy", `${sheet.policy.name}${rule.line ? `, line ${rule.line}` : ""}: rule for ${NAMES[rule.kind].toLowerCase()}`]);
    pairs.push(["Thresholds", `hidden from ${score(rule.review)}, without a person from ${score(rule.hide)}`]);
    pairs.push(["Hidden by", rule.method], ["Looked for by", [...rule.detectors, ...rule.second_opinion].map(DETECTOR).join(", ")]);
    if (rule.serves) pairs.push(["Serves", rule.serves]);
  }
  if (seen?.source) pairs.push(["Seen by", `${seenBy(seen)}, at ${score(seen.score)}`]);
  if (seen?.reading) pairs.push(["Read as", seen.reading]);
  return pairs;
}

export function fillFacts(list, pairs) {
  list.replaceChildren(...pairs.flatMap(([name, value]) => [made("dt", "", name), made("dd", "", value)]));
}

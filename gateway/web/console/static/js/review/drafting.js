// What is done to the regions of the image on the bench, and undone again: each act makes another draft.
import { toast } from "../toast.js";
import * as drafts from "./draft.js";
import * as histories from "./history.js";
import { Looking } from "./looking.js";

/** Of whoever extends this: past (the drafts, see history.js), selected (a region's key), kind, sheet, and screen. */
export class Drafting extends Looking {
  get draft() {
    return this.past.now;
  }

  answer(what, reason = null) {
    if (!this.selected) return;
    const key = this.selected;
    if (what === "show") {
      const own = drafts.regionOf(this.draft, key)?.own;
      this.commit(drafts.shown(this.draft, key, reason));
      if (own) this.select(this.draft.regions[0]?.key ?? null);
      return; // one may want another reason
    }
    this.commit(drafts.answered(this.draft, key, what));
    const next = drafts.nextOpen(this.draft, key);
    if (next) this.select(next.key);
  }

  step(by) {
    const next = drafts.neighbour(this.draft, this.selected, by);
    if (next) this.select(next.key);
  }

  select(key, bring = true) {
    this.selected = key;
    this.refresh();
    const region = drafts.regionOf(this.draft, key);
    if (region && bring) this.viewer.bring(region.box);
  }

  drawn(box, points) {
    const draft = drafts.drawn(this.draft, this.kind, box, points);
    this.selected = draft.regions.at(-1).key;
    this.commit(draft);
    this.use("select");
  }

  remove() {
    const gone = this.selected;
    this.commit(drafts.removed(this.draft, gone));
    if (!drafts.regionOf(this.draft, gone)) this.select(this.draft.regions.at(-1)?.key ?? null, false);
    else toast("Only what you drew can be deleted. N does not hide what was found.");
  }

  name(kind) {
    this.kind = kind;
    this.commit(drafts.named(this.draft, this.selected, kind));
  }

  commit(draft) {
    this.become(histories.act(this.past, draft));
  }

  become(past) {
    this.past = past;
    if (!drafts.regionOf(this.draft, this.selected)) this.selected = this.draft.regions[0]?.key ?? null;
    this.refresh();
  }

  refresh() {
    this.layer.update(this.draft, this.selected);
    this.screen.tell(this.draft, this.selected, this.sheet, this.past);
    if (this.blinking) this.viewer.redraw();
  }

  redo() {
    this.become(histories.redo(this.past));
  }
}

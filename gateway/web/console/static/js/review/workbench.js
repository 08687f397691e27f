// The workbench: one image, what is to be decided on it, and everything that keys and pointers do there.
import { bind } from "../keys.js";
import { Problem, send } from "../http.js";
import { toast } from "../toast.js";
import { Assignment } from "./assignment.js";
import { keysOf } from "./bench_keys.js";
import * as drafts from "./draft.js";
import { Drafting } from "./drafting.js";
import * as histories from "./history.js";
import { Layer } from "./layer.js";
import { original, sanitized } from "./picture.js";
import { Pyramid } from "./pyramid.js";
import { Screen } from "./screen.js";
import { Viewer } from "./viewer.js";

class Workbench extends Drafting {
  constructor(root) {
    super();
    this.screen = new Screen(root, (act, value) => this.act(act, value));
    this.viewer = new Viewer(this.screen.stage, this.screen.canvas, (view) => this.viewed(view));
    this.layer = new Layer(this.screen.svg, this.viewer, {
      select: (key) => this.select(key), place: (key, box) => this.commit(drafts.placed(this.draft, key, box)),
      draw: (box, points) => this.drawn(box, points), panning: () => this.held,
    });
    this.assignment = new Assignment({
      renew: async () => (await send("POST", this.path("claim"))).review.until,
      lapsed: () => this.lapsed(), told: (until) => this.screen.until(until),
    });
    this.kept = new Map(); // drafts of images that one came from, by review
    this.released = null;
    this.kind = "face";
    this.reset();
    bind(keysOf(this), { where: "Workbench" });
    addEventListener("popstate", (event) => { if (event.state?.review) this.open(event.state.review, false); });
    history.replaceState({ review: root.dataset.review }, "");
    this.ready = this.open(root.dataset.review, false);
  }

  reset() {
    Object.assign(this, { id: null, sheet: null, selected: null, picture: null, copy: null, frame: 0, unseen: new Set(), blinking: false, held: false, busy: false });
    this.past = histories.begin({ regions: [], drawn: 0 });
  }

  path(act) {
    return `/review/${this.id}/${act}`;
  }

  // Images.

  /** Takes a review and shows its image. push: it becomes this page's address. */
  async open(id, push = true) {
    this.leave();
    this.id = id;
    this.screen.loading();
    if (push) history.pushState({ review: id }, "", `/review/${id}`);
    try {
      const sheet = await send("POST", this.path("claim"));
      if (this.id !== id) return;
      this.sheet = sheet;
      this.unseen = new Set(sheet.unseen);
      const kept = this.kept.get(id);
      this.past = kept?.copy === sheet.review.copy_id ? kept.past : histories.begin(drafts.draftOf(sheet));
      this.kind = sheet.kinds[0] ?? this.kind;
      this.screen.begin(sheet);
      this.assignment.begin(sheet.review.until);
      this.select(drafts.openOnes(this.draft)[0]?.key ?? this.draft.regions[0]?.key ?? null, false);
      await this.look(id);
    } catch (problem) {
      if (this.id === id) this.screen.failed(problem instanceof Problem ? problem : new Problem("The image cannot be shown.", "Nothing was decided. Load the page again.", 0));
    }
  }

  /** A frame of the original, which is asked for once and each time on the log. */
  async look(id, frame = 0) {
    const picture = new Pyramid(await send("GET", this.path(`image${frame > 0 ? `?frame=${frame}` : ""}`)), () => this.viewer.redraw());
    if (this.id !== id) return picture.close();
    const first = this.picture === null;
    this.picture?.close();
    this.copy?.close();
    Object.assign(this, { picture, copy: null, frame });
    await picture.ready;
    if (this.picture !== picture) return undefined;
    this.unseen.delete(frame);
    if (first) this.viewer.show({ width: picture.width, height: picture.height }, original(picture));
    else await this.blink(this.blinking);
    this.screen.shown();
    this.screen.framed(frame, this.sheet.frames, this.unseen.size);
    return undefined;
  }

  /** On to another frame of the same image. What is hidden is hidden in all of them. */
  async turn(by) {
    const [id, frame] = [this.id, this.frame + by];
    if (!this.picture || this.busy || frame < 0 || frame >= this.sheet.frames) return;
    this.busy = true;
    try {
      await this.look(id, frame);
    } catch (problem) {
      if (this.id === id) this.screen.problem(problem);
    } finally {
      this.busy = false;
    }
  }

  /** On to the first frame that is yet to be looked at: the gateway releases nothing before. */
  async lookOn() {
    const { frames } = this.sheet;
    toast(frames > 1 ? `Look at every frame first: ${frames - this.unseen.size} of ${frames} so far.` : "You took this image anew since you saw it: look once more, then release it.");
    await this.turn(Math.min(...this.unseen) - this.frame);
  }

  /** Lets go of the image; what was drawn is kept for when one comes back to it. */
  leave() {
    if (this.sheet) this.kept.set(this.id, { copy: this.sheet.review.copy_id, past: this.past });
    this.assignment.end();
    this.viewer.clear();
    this.picture?.close();
    this.copy?.close();
    this.reset();
    this.layer.update(this.draft, null);
  }

  lapsed() {
    const { id } = this;
    this.leave();
    this.id = id;
    this.screen.failed(new Problem("Your time with this image is over.", "Nothing was decided, and what you drew is kept on this page. Take it again to go on.", 403));
  }

  go(step) {
    const next = this.screen.neighbour(this.id, step);
    if (next) this.open(next);
    else toast(step > 0 ? "This is the last image of your queue." : "This is the first image of your queue.");
  }

  /** On to what the server says is next. Where nothing is, the page stays, so that a release can be undone. */
  onward(next) {
    if (next) {
      this.open(next);
      return;
    }
    this.leave();
    this.screen.empty();
  }

  // Decisions.

  async release() {
    if (this.layer.end(true) || !this.sheet || !this.picture) return;
    if (this.unseen.size > 0) return void (await this.lookOn());
    const decided = await this.tell("decision", drafts.decisionOf(this.draft));
    if (!decided) return;
    const id = this.id;
    this.released = { id, until: Date.now() + decided.held_seconds * 1000 };
    this.screen.done(id);
    toast(decided.says, { undo: () => this.undoRelease(), key: "Z", seconds: decided.held_seconds });
    this.onward(decided.next);
  }

  askQuarantine() {
    if (this.sheet) this.screen.quarantine.showModal();
  }

  async quarantine() {
    this.screen.quarantine.close();
    const decided = await this.tell("decision", { verdict: "quarantine" });
    if (!decided) return;
    this.screen.done(this.id);
    toast(decided.says);
    this.onward(decided.next);
  }

  async later() {
    if (!this.sheet) return;
    const left = await this.tell("later");
    if (!left) return;
    toast("Given back undecided. It stays in the queue.");
    this.onward(left.next);
  }

  /** Tells the server something of this image; null where it was not taken, and then nothing happened. */
  async tell(act, body) {
    if (this.busy) return null;
    this.busy = true;
    let problem;
    try {
      return await send("POST", this.path(act), body);
    } catch (failure) {
      problem = failure;
    } finally {
      this.busy = false;
    }
    await this.refused(problem);
    return null;
  }

  /** Says why; where the gateway knows of frames that were not looked at, they are what comes next. */
  async refused(problem) {
    if (problem.said?.code !== "review.unseen" || !this.sheet) return void this.screen.problem(problem);
    this.unseen = new Set(problem.said.frames);
    await this.lookOn();
  }

  async undoRelease() {
    const { released } = this;
    this.released = null;
    try {
      await send("POST", `/review/${released.id}/undo`);
    } catch (problem) {
      this.screen.problem(problem);
      return;
    }
    this.screen.undone(released.id);
    toast("Taken back. Nobody was given the new copy.");
    await this.open(released.id);
  }

  undo() {
    const over = !this.released || Date.now() > this.released.until;
    if (histories.canUndo(this.past)) this.become(histories.undo(this.past));
    else if (over) toast("There is nothing to undo.");
    else this.undoRelease();
  }

  // The stage.

  async blink(on) {
    this.blinking = on && this.picture !== null;
    this.screen.press("blink", this.blinking);
    const { id } = this;
    try {
      if (this.blinking && !this.copy) {
        const copy = new Pyramid(await send("GET", this.path(`sanitized${this.frame > 0 ? `?frame=${this.frame}` : ""}`)), () => this.viewer.redraw());
        if (this.id !== id) return void copy.close();
        this.copy = copy;
        await copy.ready;
      }
    } catch (problem) {
      this.blinking = false;
      this.screen.problem(problem);
    }
    if (this.id === id && this.picture) this.paint();
  }

  paint() {
    const shows = this.blinking && this.copy ? sanitized(this.picture, this.copy, () => this.draft) : original(this.picture);
    this.viewer.paint(shows);
    this.screen.showsCopy(this.blinking);
  }

  /** What a button of the page does, by its data-act. */
  act(name, value) {
    const acts = {
      answer: () => this.answer(value), reason: () => this.answer("show", value), kind: () => this.name(value), tool: () => this.use(value),
      choose: () => this.select(value), release: () => this.release(), later: () => this.later(), ask: () => this.askQuarantine(),
      quarantine: () => this.quarantine(), again: () => this.open(this.id, false), in: () => this.viewer.zoom(1), out: () => this.viewer.zoom(-1),
      fit: () => this.viewer.fit(), single: () => this.single(), blink: () => this.blink(!this.blinking), outlines: () => this.toggleOutlines(),
      frame: () => this.turn(Number(value)), facts: () => this.toggleFacts(), undo: () => this.undo(), redo: () => this.redo(), open: () => this.open(value),
    };
    acts[name]();
  }
}

const root = document.getElementById("bench");
if (root) root.bench = new Workbench(root);

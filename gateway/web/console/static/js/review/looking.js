// How the image on the bench is looked at: the tool in hand, what lies over it, and where the view is.
import * as drafts from "./draft.js";

/** Of whoever extends this: screen, viewer, layer, and the draft and the selected region's key. */
export class Looking {
  viewed(view) {
    this.layer.render();
    this.screen.where(view, this.viewer);
  }

  single() {
    const region = drafts.regionOf(this.draft, this.selected);
    this.viewer.single(region ? { x: (region.box.x0 + region.box.x1) / 2, y: (region.box.y0 + region.box.y1) / 2 } : null);
  }

  use(tool) {
    this.layer.use(tool);
    this.screen.use(tool);
  }

  hold(on) {
    this.held = on;
    this.screen.svg.classList.toggle("holding", on);
  }

  toggleOutlines() {
    this.layer.outlines = !this.layer.outlines;
    this.screen.press("outlines", this.layer.outlines);
    this.layer.render();
  }

  toggleFacts() {
    this.screen.facts.toggleAttribute("hidden");
    this.refresh();
  }

  escape() {
    if (!this.layer.end(false)) this.use("select");
  }
}

// The handles of the selected region: where they are, and the arrow keys on one.
import { HANDLES, handleAt, toStage } from "./geometry.js";
import { made, put } from "./svg.js";

const NAMES = { nw: "top left corner", n: "top side", ne: "top right corner", e: "right side", se: "bottom right corner", s: "bottom side", sw: "bottom left corner", w: "left side" };
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Handles {
  /** nudge(handle, dx, dy): the arrow keys on a handle, in pixels of the image: one, ten with Shift. */
  constructor(svg, nudge) {
    this.nudge = nudge;
    this.all = HANDLES.map((handle) => {
      const element = made("rect", { class: "hd", width: 9, height: 9, tabindex: -1, role: "button", "data-handle": handle.name }, svg);
      element.addEventListener("keydown", (event) => this.#key(event, handle));
      return { ...handle, element };
    });
  }

  /** Puts them at a region's box as the view has it; away where there is no region. */
  lay(region, box, view) {
    for (const handle of this.all) {
      handle.element.style.display = region ? "" : "none";
      handle.element.setAttribute("tabindex", region ? 0 : -1);
      if (!region) continue;
      const at = toStage(view, handleAt(box, handle));
      put(handle.element, { x: at.x - 4.5, y: at.y - 4.5, "aria-label": `${region.tag}, ${NAMES[handle.name]}: arrow keys move it` });
    }
  }

  #key(event, handle) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    this.nudge(handle, step[0] * far, step[1] * far);
  }
}

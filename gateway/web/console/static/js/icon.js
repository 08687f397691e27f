// Icons from the page's own sheet of symbols (templates/parts/icons.html).
const SVG = "http://www.w3.org/2000/svg";

/** The icon `name` as an element; tone: ok, warn, bad, or none. */
export function drawn(name, tone = "") {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("class", tone ? `i ${tone}` : "i");
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  icon.append(use);
  return icon;
}

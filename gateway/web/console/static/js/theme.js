// The theme: as the system says, or light, or dark, as somebody chose on this device. A classic script in <head>,
// so that the choice holds before the first paint.
(() => {
  const KEY = "privgate.theme";
  const NEXT = { system: "light", light: "dark", dark: "system" };
  const WORDS = { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };
  const SYMBOLS = { system: "#i-theme", light: "#i-sun", dark: "#i-moon" };
  const root = document.documentElement;

  function chosen() {
    try {
      const kept = localStorage.getItem(KEY);
      return kept === "light" || kept === "dark" ? kept : "system";
    } catch {
      return "system"; // storage is off: the system's choice it is
    }
  }

  function apply(theme) {
    if (theme === "system") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.setAttribute("aria-label", WORDS[theme]);
      button.title = WORDS[theme];
      button.querySelector("use")?.setAttribute("href", SYMBOLS[theme]);
    }
  }

  function change() {
    const theme = NEXT[chosen()];
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // It then holds for this page only.
    }
    apply(theme);
  }

  apply(chosen());
  document.addEventListener("DOMContentLoaded", () => {
    apply(chosen());
    for (const button of document.querySelectorAll("[data-theme-switch]")) button.addEventListener("click", change);
  });
})();

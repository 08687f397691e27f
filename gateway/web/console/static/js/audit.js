// The audit pages: what is copied, and which row is open beside the table.
import { toast } from "./toast.js";

async function copy(text, what) {
  await navigator.clipboard.writeText(text);
  toast(`${what} copied`);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copies], [data-copies-link], [data-copies-text]");
  if (!button) return;
  const { copies, copiesLink, copiesText } = button.dataset;
  if (copiesLink) copy(new URL(copiesLink, location.href).href, "Link");
  else if (copiesText) copy(copiesText, "Id");
  else copy(document.getElementById(copies).textContent, "Text");
});

// The row whose entry stands beside the table is the current one.
document.body.addEventListener("htmx:afterSwap", (event) => {
  const link = event.detail.requestConfig?.elt;
  if (event.detail.target?.id !== "side" || !link?.closest("tbody")) return;
  for (const row of link.closest("tbody").rows) row.removeAttribute("aria-current");
  link.closest("tr").setAttribute("aria-current", "true");
});

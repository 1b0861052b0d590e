// Brings new callbacks onto the page without losing what the reader has open.
"use strict";
const rows = document.getElementById("rows");
let shown = "";

async function refresh() {
  if (document.hidden || String(getSelection()) !== "") return;
  try {
    const answer = await fetch("/rows" + location.search);
    const text = await answer.text();
    if (!answer.ok || text === shown) return;
    const open = new Set([...rows.querySelectorAll("details[open]")].map((d) => d.dataset.id));
    const focused = document.activeElement?.closest?.("details")?.dataset.id;
    rows.innerHTML = shown = text;
    for (const d of rows.querySelectorAll("details")) {
      d.open = open.has(d.dataset.id);
      if (d.dataset.id === focused) d.querySelector("summary").focus({ preventScroll: true });
    }
  } catch {
    // The inspector is away; the next round may find it.
  }
}
setInterval(refresh, 2000);
document.addEventListener("visibilitychange", refresh);

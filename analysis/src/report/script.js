(() => {
  "use strict";
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.setAttribute("aria-hidden", "true");
  tip.hidden = true;
  document.body.append(tip);
  const mark = (event) => event.target.closest?.("svg .mark");
  const show = (event) => {
    const found = mark(event);
    if (!found) { tip.hidden = true; return; }
    const title = found.querySelector(":scope > title");
    if (title) { found.dataset.says = title.textContent; title.remove(); }
    tip.textContent = found.dataset.says;
    tip.hidden = false;
    const width = document.documentElement.clientWidth;
    const left = Math.min(event.clientX + 12, width - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${event.clientY > 80 ? event.clientY - tip.offsetHeight - 12 : event.clientY + 16}px`;
  };
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
  const reveal = () => {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target?.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
  addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll("details.chapter")) fold.open = true;
  });
})();

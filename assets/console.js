// The console's keys, and buttons that copy. Everything here only makes quicker what works
// without it.
"use strict";

(() => {
  const typing = (node) =>
    node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));
  const find = () => document.querySelector(".find input");
  // Without those that are folded away.
  const links = () => [...document.querySelectorAll("tbody tr td a:first-child")]
    .filter((link) => link.offsetParent !== null);
  let going = false;

  const move = (step) => {
    const all = links();
    if (all.length === 0) return;
    const row = document.activeElement?.closest("tr");
    const here = all.findIndex((link) => link.closest("tr") === row);
    const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1);
    all[next].focus();
  };

  const keys = {
    "/": () => find()?.focus(),
    j: () => move(1),
    k: () => move(-1),
    "?": () => document.getElementById("keys")?.showModal(),
    g: () => { going = true; setTimeout(() => { going = false; }, 1500); },
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (going) {
      going = false;
      document.querySelector(`nav a[data-letter="${CSS.escape(event.key)}"]`)?.click();
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copy it by hand";
    }
    setTimeout(() => { button.textContent = before; }, 1500);
  });
})();

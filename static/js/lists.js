/*
 * A box that ticks all boxes of a name: <input type="checkbox" data-check-all="alert">. One with data-check-matching
 * stands for rows on other pages too; it ticks these as well, and ends when one of them is unticked.
 */
(() => {
  "use strict";
  const boxes = (name) => Array.from(document.querySelectorAll(`input[type="checkbox"][name="${CSS.escape(name)}"]`));

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
    const name = box.dataset.checkAll || box.dataset.checkMatching;
    if (name) for (const other of boxes(name)) other.checked = box.checked;
    const all = document.querySelector(`[data-check-all="${CSS.escape(name || box.name)}"]`);
    if (all) follow(all);
  });
  // A list that refreshed itself may have more rows, or fewer.
  document.addEventListener("markaz:kept", () => document.querySelectorAll("[data-check-all]").forEach(follow));

  function follow(all) {
    const rows = boxes(all.dataset.checkAll);
    const chosen = rows.filter((other) => other.checked).length;
    all.checked = chosen > 0 && chosen === rows.length;
    all.indeterminate = chosen > 0 && !all.checked;
    const matching = document.querySelector(`[data-check-matching="${CSS.escape(all.dataset.checkAll)}"]`);
    if (matching && !all.checked) matching.checked = false;
  }
})();

/* A box that ticks all boxes of a name: <input type="checkbox" data-check-all="alert">. */
(() => {
  "use strict";
  const boxes = (name) => Array.from(document.querySelectorAll(`input[type="checkbox"][name="${CSS.escape(name)}"]`));

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
    const name = box.dataset.checkAll;
    if (name) {
      for (const other of boxes(name)) other.checked = box.checked;
      return;
    }
    const all = document.querySelector(`[data-check-all="${CSS.escape(box.name)}"]`);
    if (!all) return;
    const chosen = boxes(box.name).filter((other) => other.checked).length;
    all.checked = chosen > 0 && chosen === boxes(box.name).length;
    all.indeterminate = chosen > 0 && !all.checked;
  });
})();

/*
 * What a part that refreshes itself must not undo: text in the field with the focus, ticks, choices, opened details,
 * an open menu. They are found again by what they are and not by their place, so that no tick moves to another row.
 */
(() => {
  "use strict";
  const MENU = ".dropdown-menu, [data-bs-toggle='dropdown']";
  const OF_MENU = ["class", "style", "aria-expanded", "data-popper-placement"];
  const TICKED = "[type=checkbox], [type=radio]";
  const OF_CHART = ["width", "height", "style"]; // Chart.js's own
  const kept = new Map(); // a part's id → what a person changed in it

  const isOpen = (node) => node.matches(MENU) && node.classList.contains("show");

  document.addEventListener("DOMContentLoaded", () => {
    if (!window.Idiomorph) return;
    window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => {
      if (node instanceof HTMLCanvasElement) return !OF_CHART.includes(name);
      return !(OF_MENU.includes(name) && isOpen(node));
    };
  });

  // `data-kept-as` says what else must be equal for a change to be kept.
  const key = (control) => [control.tagName, control.type, control.name, control.dataset.keptAs || ""].join(" ");
  const keyOf = (element) =>
    element instanceof HTMLDetailsElement
      ? "details " + element.id + element.querySelector("summary").textContent.trim()
      : element.matches(TICKED)
        ? key(element) + " " + element.value
        : key(element);
  const changeable = (part) =>
    Array.from(part.querySelectorAll("input:not([type=hidden]):not([type=file]), textarea, select, details")).filter(
      (element) => element instanceof HTMLDetailsElement || element.name || element.dataset.checkAll,
    );

  function stateOf(element) {
    if (element instanceof HTMLDetailsElement) return element.open;
    if (element.matches(TICKED)) return element.checked;
    return element.value;
  }
  function unchanged(element) {
    if (element instanceof HTMLDetailsElement) return !element.open;
    if (element instanceof HTMLSelectElement)
      return Array.from(element.options).every((option) => option.selected === option.defaultSelected);
    if (element.matches(TICKED)) return element.checked === element.defaultChecked;
    return element.value === element.defaultValue;
  }
  function restore(element, state) {
    if (stateOf(element) === state) return;
    if (element instanceof HTMLDetailsElement) element.open = state;
    else if (element.matches(TICKED)) element.checked = state;
    else if (!(element instanceof HTMLSelectElement) || element.querySelector(`option[value="${CSS.escape(state)}"]`))
      element.value = state;
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    // It leaves out what is inside the element with the focus: right for a field in which a person types, wrong for a
    // heading or a button, and for the field of a form that was sent.
    if (window.Idiomorph)
      window.Idiomorph.defaults.ignoreActiveValue =
        event.detail.requestConfig.verb === "get" && !!document.activeElement?.matches("input, textarea, select");
    const cause = event.detail.requestConfig.triggeringEvent;
    if (!cause || cause.type !== "live" || !event.detail.target.id) return;
    const changed = changeable(event.detail.target).filter((element) => !unchanged(element));
    kept.set(event.detail.target.id, new Map(changed.map((element) => [keyOf(element), stateOf(element)])));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const part = document.getElementById(event.detail.target.id);
    const changed = kept.get(event.detail.target.id);
    kept.delete(event.detail.target.id);
    if (!part || !changed || !changed.size) return;
    for (const element of changeable(part)) {
      if (changed.has(keyOf(element))) restore(element, changed.get(keyOf(element)));
    }
    part.dispatchEvent(new CustomEvent("markaz:kept", { bubbles: true }));
  });
})();

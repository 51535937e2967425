/* The pairing page: countdown ring, automatic new codes, screen kept awake, focus that is never lost.

   The server renders #pairing with data-stage, data-now and, for a code, data-expires (ms, the server's clock).
   Everything here is an addition: without it the page still shows codes, by reloading. */
(() => {
  "use strict";

  const RENEWALS = 6;
  const LAST_SECONDS = 10;
  const busy = new Set(["asking", "shown"]);
  let renewed = 0;
  let offset = 0; // server's clock minus ours, in ms: a phone's clock can be hours off
  let clockRead = "";
  let stage = "";
  let lock = null;
  let wantsCode = false;

  const box = () => document.getElementById("pairing");
  const visible = () => document.visibilityState === "visible";

  function secondsLeft(element) {
    return (Number(element.dataset.expires) - (Date.now() + offset)) / 1000;
  }

  function readClock(element) {
    const now = element.dataset.now;
    if (!now || now === clockRead) return;
    clockRead = now;
    offset = Number(now) - Date.now();
  }

  function paintRing(element, left) {
    const whole = Number(element.dataset.lifetime) || 60;
    const ring = element.querySelector("[data-ring]");
    const text = element.querySelector("[data-seconds]");
    const shown = Math.max(0, Math.ceil(left));
    if (ring) {
      const length = Number(ring.dataset.length);
      ring.style.strokeDashoffset = String(length * (1 - Math.min(1, Math.max(0, left / whole))));
      ring.classList.toggle("is-last", left <= LAST_SECONDS);
    }
    if (text) text.textContent = String(shown);
  }

  function renew(element) {
    const form = element.querySelector("form[data-renew]");
    if (!form || renewed >= RENEWALS || !visible()) return;
    renewed += 1;
    const mark = document.createElement("input");
    mark.type = "hidden";
    mark.name = "auto";
    mark.value = "1";
    form.append(mark);
    form.requestSubmit();
  }

  function tick() {
    const element = box();
    if (!element || element.dataset.stage !== "shown") return;
    const left = secondsLeft(element);
    paintRing(element, left);
    if (left > 0) {
      element.classList.remove("is-over");
    } else if (!element.classList.contains("is-over")) {
      element.classList.add("is-over"); // covers the code at once; the server's answer follows
      window.htmx?.trigger(element, "live");
    }
  }

  async function keepAwake(on) {
    if (!("wakeLock" in navigator)) return;
    try {
      if (on && visible() && (!lock || lock.released)) lock = await navigator.wakeLock.request("screen");
      if (!on && lock) {
        await lock.release();
        lock = null;
      }
    } catch {
      lock = null; // refused on low battery: the page works all the same
    }
  }

  function followFocus(element, before) {
    const lost = !document.activeElement || document.activeElement === document.body;
    if (before && before !== element.dataset.stage && lost) {
      element.querySelector("[data-stage-title]")?.focus({ preventScroll: true });
    }
  }

  function settle() {
    const element = box();
    if (!element) return;
    readClock(element);
    const before = stage;
    stage = element.dataset.stage;
    if (busy.has(stage)) wantsCode = true;
    followFocus(element, before);
    keepAwake(busy.has(stage));
    tick();
    if (stage === "expired" && before && before !== "expired" && wantsCode) renew(element);
    if (stage === "connected") renewed = 0;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest?.("form[data-pairing-start]");
    // Asked for by a person: the six automatic codes start over.
    if (form && !form.querySelector("input[name=auto]")) renewed = 0;
  });
  document.addEventListener("htmx:afterSwap", settle); // before the browser paints
  document.addEventListener("htmx:afterSettle", settle);
  document.addEventListener("visibilitychange", () => {
    const element = box();
    if (!element || !visible()) return;
    keepAwake(busy.has(element.dataset.stage));
    tick();
    if (element.dataset.stage === "expired" && wantsCode) renew(element);
  });
  document.addEventListener("DOMContentLoaded", settle);
  if (document.readyState !== "loading") settle();
  window.setInterval(tick, 250);
})();

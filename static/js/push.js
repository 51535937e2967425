// `form[data-push]` (components/push_form.html): its button asks the browser for a push subscription, which the form
// then sends as any other field. Where push isn't possible, the form says why and its button is off.
(function () {
  "use strict";

  function bytes(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  }
  function say(form, word) {
    const place = form.querySelector("[data-push-state]");
    place.textContent = word ? place.dataset[word] : "";
    place.hidden = !word;
  }
  function obstacle(form) {
    if (!form.dataset.push) return "off";
    if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window))
      return "unsupported";
    return Notification.permission === "denied" ? "denied" : "";
  }

  async function subscribe(key) {
    await navigator.serviceWorker.register("/service-worker.js", { scope: "/" });
    const worker = await navigator.serviceWorker.ready;
    const existing = await worker.pushManager.getSubscription();
    // One made with another key can't be sent to any longer.
    if (existing && !sameKey(existing, key)) await existing.unsubscribe();
    return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  }
  function sameKey(subscription, key) {
    const used = subscription.options.applicationServerKey;
    return Boolean(used) && new Uint8Array(used).join() === bytes(key).join();
  }

  async function start(form) {
    say(form, "asking");
    if ((await Notification.requestPermission()) !== "granted") return say(form, "denied");
    const subscription = await subscribe(form.dataset.push);
    form.querySelector("[data-push-subscription]").value = JSON.stringify(subscription);
    say(form, "");
    form.requestSubmit();
  }

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target.closest("form[data-push]");
      if (!form || form.querySelector("[data-push-subscription]").value) return;
      event.preventDefault();
      event.stopImmediatePropagation(); // htmx would send it without the subscription
      start(form).catch(() => say(form, "failed"));
    },
    true,
  );

  function prepare() {
    for (const form of document.querySelectorAll("form[data-push]")) {
      const word = obstacle(form);
      form.querySelector("button").disabled = Boolean(word);
      if (word) say(form, word);
    }
  }
  document.addEventListener("DOMContentLoaded", prepare);
  document.addEventListener("htmx:afterSettle", prepare);
})();

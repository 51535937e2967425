// Keeps `data-live` parts of the page true: a hint says that something changed, the part fetches itself again.
(function () {
  "use strict";
  const SPREAD_MS = 400; // so that a thousand open pages do not ask in the same instant
  const ASK_MS = 15000;
  const SILENCE_MS = 40000; // the server's heart beats every 15 s
  const RENEW_MS = 8 * 60000; // the token lives 10 minutes
  const state = { stream: null, token: "", stamp: null, failures: 0, asking: null, retry: null, silence: null, renewed: 0, stopped: false };
  const pill = (text) => { const element = document.getElementById("live-pill"); if (element && element.textContent !== text) element.textContent = text; };
  const parts = () => Array.from(document.querySelectorAll("[data-live]"));

  function refresh(topics) {
    for (const part of parts()) {
      const wanted = part.dataset.live.split(/[\s,]+/);
      if (topics && !topics.some((topic) => wanted.includes(topic))) continue;
      if (part.markazLive) continue; // a hint that follows another never puts the part off: it would stay old while work goes on
      part.markazLive = setTimeout(() => { part.markazLive = 0; if (part.isConnected) window.htmx.trigger(part, "live"); }, Math.random() * SPREAD_MS);
    }
  }

  // A stamp other than the last one means that a hint was missed.
  function stamped(stamp) {
    const missed = state.stamp !== null && stamp !== state.stamp;
    state.stamp = stamp;
    if (missed) refresh(null);
  }

  // --- Token ----------------------------------------------------------------------------------------
  async function renew() {
    const answer = await fetch(document.body.dataset.liveTokenUrl, { headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "error" });
    if (answer.status === 403 || answer.status === 404) state.stopped = true; // no longer a member: the page stays as it is
    if (!answer.ok) throw new Error("token " + answer.status);
    state.token = (await answer.json()).token;
    state.renewed = Date.now();
  }
  const address = (path) => path + "?t=" + encodeURIComponent(state.token);

  // --- The stream ---------------------------------------------------------------------------------------
  function close() {
    if (state.stream) state.stream.close();
    state.stream = null;
    clearTimeout(state.retry);
    clearTimeout(state.silence);
  }

  function heard() {
    state.failures = 0;
    pill("");
    stopAsking();
    clearTimeout(state.silence);
    state.silence = setTimeout(lost, SILENCE_MS);
  }

  async function open() {
    close();
    if (document.hidden || state.stopped) return;
    try {
      if (!state.token || Date.now() - state.renewed > RENEW_MS) await renew();
    } catch { return lost(); }
    if (document.hidden || state.stream) return;
    const stream = new EventSource(address("/live/"));
    state.stream = stream;
    stream.addEventListener("stamp", (event) => { heard(); stamped(event.data); });
    stream.addEventListener("hint", (event) => {
      heard();
      const hint = JSON.parse(event.data);
      state.stamp = String(hint.v);
      refresh(hint.t);
    });
    stream.addEventListener("bye", () => { state.token = ""; close(); state.retry = setTimeout(open, Math.random() * 2000); });
    stream.onerror = () => { if (state.stream === stream) lost(); };
  }

  function lost() {
    close();
    if (document.hidden || state.stopped) return;
    state.failures += 1;
    state.token = state.failures > 1 ? "" : state.token; // a refused token looks like any other failure
    pill(document.getElementById("words").dataset.reconnecting);
    if (state.failures >= 2) startAsking();
    state.retry = setTimeout(open, Math.min(1000 * 2 ** state.failures, 30000) * (0.5 + Math.random() / 2));
  }

  // --- Asking, where streams are blocked ---------------------------------------------------------------
  async function ask() {
    if (document.hidden || state.stopped) return;
    try {
      if (!state.token) await renew();
      const answer = await fetch(address("/live/stamp") + "&v=" + encodeURIComponent(state.stamp ?? ""), { credentials: "omit" });
      if (answer.status === 403) state.token = "";
      if (answer.status === 200) stamped((await answer.text()).trim());
      if (answer.ok) pill("");
    } catch { pill(document.getElementById("words").dataset.reconnecting); }
  }
  function startAsking() {
    if (state.asking) return;
    state.asking = setInterval(ask, ASK_MS);
    ask();
  }
  function stopAsking() {
    clearInterval(state.asking);
    state.asking = null;
  }

  // --- Hidden pages are silent and catch up at once ------------------------------------------------------
  document.addEventListener("visibilitychange", () => {
    if (!document.body.dataset.liveTokenUrl) return;
    if (document.hidden) {
      close();
      return stopAsking();
    }
    state.failures = 0;
    refresh(null);
    open();
  });
  window.addEventListener("online", () => { if (document.body.dataset.liveTokenUrl) open(); });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => { if (event.persisted && document.body.dataset.liveTokenUrl) { refresh(null); open(); } });

  document.addEventListener("DOMContentLoaded", () => {
    if (!document.body.dataset.liveTokenUrl) return;
    state.token = document.body.dataset.liveToken || "";
    state.stamp = document.body.dataset.liveStamp || null;
    state.renewed = Date.now();
    open();
  });
})();

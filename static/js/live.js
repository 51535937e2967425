// Keeps `data-live` parts of the page true: a hint says that something changed, the part fetches itself again.
// All visible pages of a browser share one stream: one of them leads (live-leader.js) and passes hints on (live-stream.js).
(function () {
  "use strict";
  const SPREAD_MS = 400; // so that a thousand open pages do not ask in the same instant
  const SILENCE_MS = 70000; // a leader says something at least every 30 s, also when it hears nothing
  const channel = window.BroadcastChannel ? new BroadcastChannel("markaz-live") : null;
  const me = { id: Math.random().toString(36).slice(2), url: "", token: "", stamp: null, renewed: 0 };
  const state = { joined: false, leading: false, refused: false, silence: null };
  const pill = (text) => {
    const element = document.getElementById("live-pill");
    if (element && element.textContent !== text) element.textContent = text;
  };
  const parts = () => Array.from(document.querySelectorAll("[data-live]"));

  function refresh(topics) {
    for (const part of parts()) {
      const listens = part.dataset.live.split(/[\s,]+/);
      if (topics && !topics.some((topic) => listens.includes(topic))) continue;
      if (part.markazLive) continue; // a hint that follows another never puts the part off: it would stay old while work goes on
      part.markazLive = setTimeout(() => {
        part.markazLive = 0;
        if (part.isConnected && !part.querySelector("dialog[open]")) window.htmx.trigger(part, "live");
      }, Math.random() * SPREAD_MS);
    }
  }

  // A part whose dialog is open stays as it is, and catches up when the dialog closes.
  document.addEventListener(
    "close",
    (event) => {
      const part = event.target instanceof Element && event.target.closest("[data-live]");
      if (part) window.htmx.trigger(part, "live");
    },
    true,
  );

  // A part that is fetched at a hint: which version was heard of, and which content stands there. Where that is still the
  // same, the answer is 204 and the part stays as it is. Whatever else changes a part ends what was known of it.
  document.addEventListener("htmx:configRequest", (event) => {
    const { elt: part, headers, triggeringEvent } = event.detail;
    if (!triggeringEvent || triggeringEvent.type !== "live" || !part.dataset.live) return;
    if (me.stamp) headers["X-Live-Heard"] = me.stamp;
    if (part.markazShown) headers["X-Live-Shown"] = part.markazShown;
  });
  for (const swapped of ["htmx:afterSwap", "htmx:oobAfterSwap"])
    document.addEventListener(swapped, ({ type, detail }) => {
      const part = detail.target.closest("[data-live]");
      if (part) part.markazShown = type === "htmx:afterSwap" ? detail.xhr.getResponseHeader("X-Live-Shown") : null;
    });

  // A stamp other than the last one means that a hint was missed.
  function stamped(stamp) {
    const missed = me.stamp !== null && stamp !== me.stamp;
    me.stamp = stamp;
    if (missed) refresh(null);
  }

  // --- Between the pages ----------------------------------------------------------------------------------
  function post(message) {
    if (channel) channel.postMessage(message);
  }
  function receive(message) {
    // from the leader, to itself as well
    post(message);
    hear(message);
  }
  const stream = window.markazStream(receive);
  const candidate = window.markazLeader(lead, follow);

  function lead() {
    state.leading = true;
    stream.start();
    stream.join(me);
    post({ kind: "who" });
  }
  function follow() {
    state.leading = false;
    stream.stop();
  }
  function hear(message) {
    if (!state.joined) return;
    if (message.kind === "who") post({ kind: "here", page: { ...me } });
    if (message.kind === "here" && state.leading) stream.join(message.page);
    if (message.kind === "gone" && state.leading) stream.leave(message.id);
    if (!["hint", "stamp", "lost", "refused"].includes(message.kind)) return;
    clearTimeout(state.silence);
    if (!state.leading) state.silence = setTimeout(() => candidate.stand(true), SILENCE_MS);
    if (message.kind === "lost") return pill(document.getElementById("words").dataset.reconnecting);
    if (message.url !== me.url) return;
    if (message.kind === "refused") {
      state.refused = true;
      return leave();
    }
    pill("");
    if (message.kind === "stamp") return stamped(message.stamp);
    me.stamp = message.stamp;
    refresh(message.topics);
  }
  if (channel) channel.addEventListener("message", (event) => hear(event.data));

  // --- Only visible pages with something to keep true take part ---------------------------------------------
  function join() {
    if (state.joined || state.refused || document.hidden || !me.url || !parts().length) return;
    state.joined = true;
    post({ kind: "here", page: { ...me } });
    state.silence = setTimeout(() => candidate.stand(true), SILENCE_MS);
    candidate.stand(false);
  }
  function leave() {
    if (!state.joined) return;
    state.joined = false;
    clearTimeout(state.silence);
    post({ kind: "gone", id: me.id });
    candidate.withdraw();
  }

  document.addEventListener("visibilitychange", () => {
    if (!me.url) return;
    if (document.hidden) return leave();
    refresh(null);
    join();
  });
  window.addEventListener("online", () => {
    if (state.leading) stream.open();
  });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && me.url) {
      refresh(null);
      join();
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    if (!document.body.dataset.liveTokenUrl) return;
    me.url = document.body.dataset.liveTokenUrl;
    me.token = document.body.dataset.liveToken || "";
    me.stamp = document.body.dataset.liveStamp || null;
    me.renewed = Date.now();
    join();
    document.body.addEventListener("htmx:load", join); // a part that came later
  });
})();

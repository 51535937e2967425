// The leader's part: one stream for all tenants that this browser's visible pages show, and the question every 15 s
// where streams are blocked. It fetches nothing of any page; it only says what was heard.
(function () {
  "use strict";
  const ASK_MS = 15000;
  const SILENCE_MS = 40000; // the server's heart beats every 15 s
  const RENEW_MS = 8 * 60000; // a token lives 10 minutes
  const GATHER_MS = 60; // pages answer a new leader, and ten pages open at once
  const MOST_TENANTS = 32; // as config/live/server.py

  // `publish(message)` reaches every page: hint, stamp (both with the tenant's `url`), lost, refused.
  window.markazStream = function (publish) {
    const tenants = new Map(); // by the address of its token: { token, renewed, stamp, pages }
    const state = {
      stream: null,
      urls: [],
      failures: 0,
      asking: null,
      retry: null,
      silence: null,
      gather: null,
      on: false,
      opening: 0,
    };

    // --- Who listens ------------------------------------------------------------------------------------
    function join(page) {
      const known = tenants.get(page.url);
      const tenant = known || { token: "", renewed: 0, stamp: null, pages: new Set() };
      tenants.set(page.url, tenant);
      tenant.pages.add(page.id);
      if (page.renewed > tenant.renewed) {
        tenant.token = page.token;
        tenant.renewed = page.renewed;
      }
      if (tenant.stamp === null) tenant.stamp = page.stamp;
      else if (state.urls.includes(page.url)) publish({ kind: "stamp", url: page.url, stamp: tenant.stamp });
      if (!state.urls.includes(page.url)) gather();
    }
    function leave(id) {
      for (const [url, tenant] of tenants) {
        tenant.pages.delete(id);
        if (!tenant.pages.size) tenants.delete(url);
      }
    }
    function gather() {
      clearTimeout(state.gather);
      if (state.on) state.gather = setTimeout(open, GATHER_MS);
    }

    // --- Tokens -----------------------------------------------------------------------------------------
    async function renew(url, tenant) {
      if (tenant.token && Date.now() - tenant.renewed < RENEW_MS) return true;
      try {
        const answer = await fetch(url, {
          headers: { Accept: "application/json" },
          credentials: "same-origin",
          redirect: "error",
        });
        if (answer.status === 403 || answer.status === 404) {
          // no longer a member: those pages stay as they are
          tenants.delete(url);
          publish({ kind: "refused", url });
        }
        if (!answer.ok) return false;
        tenant.token = (await answer.json()).token;
        tenant.renewed = Date.now();
        return true;
      } catch {
        return false;
      }
    }
    const address = (path, urls) =>
      path + "?" + urls.map((url) => "t=" + encodeURIComponent(tenants.get(url).token)).join("&");

    // --- The stream -------------------------------------------------------------------------------------
    function close() {
      if (state.stream) state.stream.close();
      state.stream = null;
      state.urls = [];
      state.opening += 1;
      clearTimeout(state.retry);
      clearTimeout(state.silence);
    }
    function heard() {
      state.failures = 0;
      stopAsking();
      clearTimeout(state.silence);
      state.silence = setTimeout(lost, SILENCE_MS);
    }
    async function open() {
      close();
      const opening = state.opening;
      const subscribed = [...tenants.keys()].slice(0, MOST_TENANTS);
      if (!state.on || !subscribed.length) return;
      const good = await Promise.all(subscribed.map((url) => renew(url, tenants.get(url))));
      if (!state.on || opening !== state.opening) return;
      const urls = subscribed.filter((url, number) => good[number] && tenants.has(url));
      if (!urls.length) {
        if (tenants.size) lost();
        return;
      }
      state.urls = urls;
      const stream = (state.stream = new EventSource(address("/live/", urls)));
      // Several tokens: the event's id is the number of the one it is about.
      const tenantOf = (event) => {
        const url = urls[Number(event.lastEventId || 0)];
        return [url, tenants.get(url)];
      };
      const on = (kind, act) =>
        stream.addEventListener(kind, (event) => {
          if (state.stream === stream) act(event, ...tenantOf(event));
        });
      on("stamp", (event, url, tenant) => {
        heard();
        said("stamp", url, tenant, event.data, null);
      });
      on("hint", (event, url, tenant) => {
        heard();
        const hint = JSON.parse(event.data);
        said("hint", url, tenant, String(hint.v), hint.t);
      });
      on("refused", (_event, _url, tenant) => {
        if (tenant) tenant.token = "";
        again(1000);
      });
      on("bye", () => again(Math.random() * 2000));
      stream.onerror = () => {
        if (state.stream === stream) lost();
      };
      if (urls.length < Math.min(tenants.size, MOST_TENANTS)) state.retry = setTimeout(open, 30000);
    }
    function said(kind, url, tenant, stamp, topics) {
      if (tenant) tenant.stamp = stamp;
      publish({ kind, url, stamp, topics });
    }
    function again(delay) {
      close();
      state.retry = setTimeout(open, delay);
    }
    function lost() {
      close();
      if (!state.on) return;
      state.failures += 1;
      // A refused token looks like any other failure.
      if (state.failures > 1) for (const tenant of tenants.values()) tenant.token = "";
      publish({ kind: "lost" });
      if (state.failures >= 2) startAsking();
      state.retry = setTimeout(open, Math.min(1000 * 2 ** state.failures, 30000) * (0.5 + Math.random() / 2));
    }

    // --- Asking, where streams are blocked --------------------------------------------------------------
    async function ask() {
      for (const [url, tenant] of [...tenants]) {
        if (!state.on || !tenants.has(url)) continue;
        if (!(await renew(url, tenant))) {
          publish({ kind: "lost" });
          continue;
        }
        try {
          const answer = await fetch(address("/live/stamp", [url]) + "&v=" + encodeURIComponent(tenant.stamp ?? ""), {
            credentials: "omit",
          });
          if (answer.status === 403) tenant.token = "";
          if (answer.status === 200) tenant.stamp = (await answer.text()).trim();
          if (answer.ok) publish({ kind: "stamp", url, stamp: tenant.stamp });
        } catch {
          publish({ kind: "lost" });
        }
      }
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

    return {
      join,
      leave,
      start() {
        state.on = true;
        state.failures = 0;
      },
      open() {
        if (state.on) open();
      },
      stop() {
        state.on = false;
        close();
        stopAsking();
        clearTimeout(state.gather);
        tenants.clear();
      },
    };
  };
})();

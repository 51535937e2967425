// What every page does: messages, copying, secrets, dialogs, forms, shortcuts, the tab's title.
(function () {
  "use strict";
  const words = () => document.getElementById("words").dataset;
  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const element = event.target instanceof Element ? event.target.closest(selector) : null;
      if (element) act(element, event);
    });

  // --- Messages ---------------------------------------------------------------------------------
  const STAY_MS = 6000;

  function announce(text) {
    const place = document.getElementById("announcer");
    place.textContent = "";
    setTimeout(() => {
      place.textContent = text;
    }, 50);
  }

  function leave(toast) {
    if (toast.dataset.toast === "danger" || toast.dataset.timed) return;
    toast.dataset.timed = "1";
    setTimeout(
      () => (toast.matches(":hover, :focus-within") ? (delete toast.dataset.timed, leave(toast)) : toast.remove()),
      STAY_MS,
    );
  }

  function toast(text, tone) {
    const template = document.getElementById("toast-" + tone) || document.getElementById("toast-info");
    const element = template.content.firstElementChild.cloneNode(true);
    element.querySelector(".toast-text").textContent = text;
    document.getElementById("toasts").append(element);
    leave(element);
  }
  window.markazToast = toast;

  on("click", "[data-toast-close]", (button) => button.closest(".toast").remove());
  // On phones messages stand above the page's bar, which moves down by their height.
  document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("toasts");
    new ResizeObserver(() =>
      document.documentElement.style.setProperty("--toasts-height", place.offsetHeight + "px"),
    ).observe(place);
  });
  document.addEventListener("toast", (event) => {
    for (const item of event.detail.items || []) toast(item.text, item.tone);
  });

  // Tabs that don't fit scroll: the open page's own is in view.
  document.addEventListener("DOMContentLoaded", () => {
    const tab = document.querySelector(".page-tabs [aria-current]");
    if (tab) tab.scrollIntoView({ block: "nearest", inline: "center" });
  });

  // A part that fills itself in cannot stay "Loading" forever.
  function say(element, text) {
    const note = document.createElement("p");
    note.className = "text-danger m-3";
    note.setAttribute("role", "alert");
    note.textContent = text;
    element.replaceChildren(note);
  }

  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    const cause = event.detail.requestConfig && event.detail.requestConfig.triggeringEvent;
    if (cause && cause.type === "load") return say(event.detail.target, words().missing);
    if (event.detail.elt.hasAttribute("data-live") && status >= 500) return;
    toast(status === 404 || status === 410 ? words().gone : words().failed, "danger");
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (!event.detail.elt.hasAttribute("data-live")) toast(words().offline, "danger");
  });
  document.addEventListener("htmx:timeout", (event) => {
    if (!event.detail.elt.hasAttribute("data-live")) toast(words().timeout, "danger");
  });

  // --- Copying and secrets ----------------------------------------------------------------------
  async function copied(text) {
    if (navigator.clipboard && window.isSecureContext) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        /* refused: try the old way */
      }
    }
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  on("click", "[data-copy]", async (button) => {
    if (!(await copied(button.dataset.copy))) return toast(words().copyFailed, "warning");
    button.focus();
    button.classList.add("is-done");
    const name = button.title;
    button.title = words().copied;
    toast(words().copied, "success");
    setTimeout(() => {
      button.classList.remove("is-done");
      button.title = name;
    }, 2000);
  });

  on("click", "[data-reveal]", (button) => {
    const holder = button.closest("[data-secret]");
    const text = holder.querySelector(".copyable-text");
    const show = button.getAttribute("aria-pressed") !== "true";
    holder.dataset.mask = holder.dataset.mask || text.textContent;
    text.textContent = show ? holder.dataset.secret : holder.dataset.mask;
    button.setAttribute("aria-pressed", String(show));
    button.title = show ? words().hide : words().show;
  });

  // --- Frame ------------------------------------------------------------------------------------
  function sidebar(open) {
    const bar = document.getElementById("sidebar");
    const opener = document.querySelector("[data-sidebar-open]");
    if (!bar || !opener || bar.classList.contains("is-open") === open) return;
    bar.classList.toggle("is-open", open);
    opener.setAttribute("aria-expanded", String(open));
    (open ? bar.querySelector("[data-sidebar-close]") : opener).focus();
  }
  on("click", "[data-sidebar-open]", () => sidebar(true));
  on("click", "[data-sidebar-close]", () => sidebar(false));

  function markTheme() {
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === window.markazTheme.chosen()));
    }
  }
  on("click", "[data-theme-choice]", (button) => window.markazTheme.choose(button.dataset.themeChoice));
  document.addEventListener("markaz:theme", markTheme);

  on("click", "[data-open-dialog]", (button) => document.getElementById(button.dataset.openDialog).showModal());
  on("click", "[data-close-dialog]", (button) => button.closest("dialog").close("no"));
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement) event.target.close("no");
  });

  // --- Shortcuts --------------------------------------------------------------------------------
  const typing = (element) =>
    element instanceof Element && element.matches("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      sidebar(false);
      if (typing(document.activeElement) && !document.querySelector("dialog[open]")) document.activeElement.blur();
      return;
    }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const search = document.getElementById("global-search");
    if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    if (event.key === "?") document.getElementById("shortcuts").showModal();
  });

  // --- The tab shows how many numbers are down ----------------------------------------------------
  const title = document.title;

  function markTab() {
    const source = document.querySelector("[data-down]");
    const down = source ? Number(source.dataset.down) || 0 : 0;
    const icon = document.getElementById("favicon");
    const address = down ? icon.dataset.alert : icon.dataset.calm;
    const bare = document.title === "" ? title : document.title.replace(/^\(\d+\) /, "");
    const marked = (down ? "(" + down + ") " : "") + bare;
    if (document.title !== marked) document.title = marked;
    if (icon.getAttribute("href") !== address) icon.setAttribute("href", address);
    // The icon of the installed app; a page without the figure leaves it as it is.
    if (source && navigator.setAppBadge) navigator.setAppBadge(down).catch(() => {});
  }

  // --- Times in words stay true while a page is open ----------------------------------------------
  // Whole units, from how many on: 10 days are not "2 weeks ago". As centers/values/formats.py.
  const STEPS = [
    ["year", 31536000, 1],
    ["month", 2592000, 1],
    ["week", 604800, 2],
    ["day", 86400, 1],
    ["hour", 3600, 1],
    ["minute", 60, 1],
  ];

  function tellTimes() {
    const ahead = Number(document.body.dataset.clockAhead || 0) * 1000;
    const speak = new Intl.RelativeTimeFormat(document.documentElement.lang + "-u-nu-latn", { numeric: "always" });
    for (const element of document.querySelectorAll("time[data-ago]")) {
      const seconds = (Date.parse(element.dateTime) - Date.now() - ahead) / 1000;
      const step = STEPS.find(([, length, least]) => Math.abs(seconds) >= length * least);
      element.textContent = step ? speak.format(Math.trunc(seconds / step[1]), step[0]) : words().now;
    }
  }
  setInterval(tellTimes, 30000);

  function settle(root) {
    for (const element of root.querySelectorAll(".toast")) leave(element);
    markTheme();
    markTab();
  }
  document.addEventListener("htmx:afterSettle", () => settle(document));
  document.addEventListener("DOMContentLoaded", () => settle(document));
  window.markazAnnounce = announce;
})();

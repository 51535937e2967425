// Forms: ask before the irreversible, send once, send automatically where they only filter.
(function () {
  "use strict";
  const words = () => document.getElementById("words").dataset;
  const agreed = new WeakSet();

  // --- Asking -------------------------------------------------------------------------------------
  // data-confirm="Sentence?" asks; data-confirm-type="NAME" asks to type NAME and sends it as `confirm`.
  // A form with a field of its own for the name (`confirm`, `typed`) is asked in place: its button waits for the name.
  // The database decides which names are the same (centers/values/names.py). This only keeps the button shut until the text
  // comes near: it drops more than the server does, so that it never waits for what the server would take.
  const bare = (text) =>
    text
      .normalize("NFKD")
      .replace(/[\p{Cf}\p{M}\u0640]/gu, "")
      .toUpperCase()
      .toLowerCase()
      .replace(/[٠-٩۰-۹]/g, (digit) => String(digit.charCodeAt(0) % 16))
      .replace(/ς/g, "σ")
      .replace(/\s+/g, " ")
      .trim();
  const matches = (typed, name) => bare(typed) === bare(name);
  const ownField = (form) => form.querySelector('input:is([name="confirm"], [name="typed"]):not([type="hidden"])');

  function gate(form) {
    const field = ownField(form);
    if (!field) return;
    for (const button of form.querySelectorAll('button:not([type="button"])')) {
      button.disabled = !matches(field.value, form.dataset.confirmType);
    }
  }

  function ask(form, submitter) {
    const dialog = document.getElementById("confirmation");
    const field = dialog.querySelector("#confirmation-typed");
    const agree = dialog.querySelector("[data-agree]");
    const name = form.dataset.confirmType || "";
    dialog.querySelector("#confirmation-text").textContent = form.dataset.confirm || "";
    dialog.querySelector("[data-typed]").hidden = !name;
    dialog.querySelector("[data-typed-name]").textContent = name;
    agree.textContent = (submitter && submitter.textContent.trim()) || agree.textContent;
    field.value = "";
    agree.disabled = Boolean(name);
    field.oninput = () => {
      agree.disabled = Boolean(name) && !matches(field.value, name);
    };
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return;
      if (name) keep(form, "confirm", field.value.trim());
      agreed.add(form);
      form.requestSubmit(submitter && !submitter.disabled ? submitter : undefined);
    };
    dialog.showModal();
  }
  // The second click of a double click on the button that asks is no answer.
  document.addEventListener(
    "click",
    (event) => {
      if (event.detail < 2 || !(event.target instanceof Element && event.target.closest("#confirmation"))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );

  function keep(form, name, value) {
    const input = form.querySelector(`input[type="hidden"][name="${name}"]`) || document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const asks = form.dataset.confirm !== undefined || (form.dataset.confirmType !== undefined && !ownField(form));
      if (asks && !agreed.delete(form)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        ask(form, event.submitter);
      }
    },
    true,
  );
  document.addEventListener("input", (event) => {
    const form = event.target instanceof Element ? event.target.closest("form[data-confirm-type]") : null;
    if (form) gate(form);
  });

  // --- Sending once ---------------------------------------------------------------------------------
  const busy = (button, yes) => {
    button.classList.toggle("is-busy", yes);
    button.setAttribute("aria-disabled", String(yes));
  };
  const byHtmx = (form) =>
    ["hx-post", "hx-get", "hx-put", "hx-delete"].some((name) => form.hasAttribute(name)) ||
    form.closest('[hx-boost="true"]');

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || byHtmx(form)) return;
    if (form.dataset.sending) return event.preventDefault();
    form.dataset.sending = "1";
    if (event.submitter) busy(event.submitter, true);
  });
  // Back from the next page: the form may be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
    for (const button of document.querySelectorAll(".is-busy")) busy(button, false);
  });
  const sender = (event) => {
    const from = event.detail.requestConfig && event.detail.requestConfig.triggeringEvent;
    return (from && from.submitter) || (event.detail.elt.matches("button") ? event.detail.elt : null);
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    const button = sender(event);
    if (!button) return;
    if (button.classList.contains("is-busy")) return event.preventDefault();
    busy(button, true);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const button = sender(event);
    if (button) busy(button, false);
  });

  // --- Filters, files -------------------------------------------------------------------------------
  // <form data-auto-submit method="get">: choices send at once, typing after a pause.
  let pause;
  const send = (form) => {
    clearTimeout(pause);
    form.requestSubmit();
  };
  const filter = (event) => (event.target instanceof Element ? event.target.closest("form[data-auto-submit]") : null);
  document.addEventListener("change", (event) => {
    const form = filter(event);
    if (
      form &&
      event.target.matches(
        'select, input[type="checkbox"], input[type="radio"], input[type="date"], input[type="month"]',
      )
    )
      send(form);
    if (event.target.matches('input[type="file"][data-name-in]')) {
      const names = Array.from(event.target.files, (file) => file.name).join(", ");
      document.getElementById(event.target.dataset.nameIn).textContent = names || words().noFile;
    }
  });
  document.addEventListener("input", (event) => {
    const form = filter(event);
    if (!form || !event.target.matches('input[type="search"], input[type="text"]')) return;
    clearTimeout(pause);
    pause = setTimeout(() => send(form), 350);
  });

  const ready = () => {
    for (const form of document.querySelectorAll("form[data-confirm-type]")) gate(form);
  };
  document.addEventListener("DOMContentLoaded", ready);
  document.addEventListener("htmx:afterSettle", ready);

  // --- A link sent on WhatsApp ----------------------------------------------------------------------
  // The address of "Open WhatsApp" follows what is typed: digits only, without the plus or the two zeros of calls abroad.
  // A number without them is of no known country: a link made of it could open a stranger's chat.
  document.addEventListener("input", (event) => {
    const box = event.target instanceof Element && event.target.closest("[data-whatsapp]");
    if (!box) return;
    const phone = box.querySelector("[data-whatsapp-phone]");
    const typed = phone.value.replace(/[٠-٩۰-۹]/g, (digit) => String(digit.charCodeAt(0) % 16)).replace(/[^0-9+]/g, "");
    const usable = /^$|^(\+|00)[1-9]\d{6,14}$/.test(typed);
    const text = encodeURIComponent(box.querySelector("[data-whatsapp-text]").value);
    const link = box.querySelector("[data-whatsapp-link]");
    if (usable) link.href = `https://wa.me/${typed.replace(/^\+|^00/, "")}?text=${text}`;
    else link.removeAttribute("href");
    link.classList.toggle("disabled", !usable);
    link.setAttribute("aria-disabled", String(!usable));
    const wrong = !usable && !/^(\+|0$|00)\d*$/.test(typed); // what is being typed may still become right
    phone.classList.toggle("is-invalid", wrong);
    phone.setAttribute("aria-invalid", String(wrong));
  });
})();

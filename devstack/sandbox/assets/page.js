// The control page: sends verbs as JSON, fetches the changing pieces every two seconds.
"use strict";

const notice = document.getElementById("notice");
const filter = document.getElementById("filter");
const NUMBERS = new Set(["copies", "sent", "received", "failed", "times", "quota", "rate_limit", "daily_messages"]);
const FLAGS = new Set(["has_whatsapp"]);

async function send(verb, values, button) {
  button.disabled = true;
  try {
    const answer = await fetch(`/control/api/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(values),
    });
    const body = await answer.json();
    say(answer.ok ? `Done: ${verb.replaceAll("_", " ")}${target(values)}.` : body.error, answer.ok);
    await refresh();
  } catch {
    say("The sandbox does not answer.", false);
  } finally {
    button.disabled = false;
  }
}

function target(values) {
  const name =
    values.instance_id || values.template_id || values.mobile || values.call || values.account_key || values.api_key;
  return name ? ` (${name})` : "";
}

let hiding;

// A refusal stays until the next act; what went well leaves automatically.
function say(text, good) {
  clearTimeout(hiding);
  notice.textContent = text;
  notice.className = `notice ${good ? "good" : "bad"}`;
  notice.hidden = false;
  if (good)
    hiding = setTimeout(() => {
      notice.hidden = true;
    }, 6000);
}

// Empty fields take the verb's default, except where an empty text is a choice of its own.
function valuesOf(form) {
  const values = {};
  for (const [name, text] of new FormData(form)) {
    const isChoice = form.elements[name].tagName === "SELECT";
    if (text === "" && !isChoice) continue;
    values[name] = NUMBERS.has(name) ? Number(text) : FLAGS.has(name) ? text === "true" : text;
  }
  return values;
}

async function refresh() {
  const answer = await fetch("/control/fragment");
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.closest("[data-piece]") ? document.activeElement : null;
  const again = focused && { piece: focused.closest("[data-piece]").id, ...focused.dataset };
  for (const piece of fresh.querySelectorAll("[data-piece]")) replace(piece);
  if (again) refocus(again);
  applyFilter();
}

function replace(piece) {
  const old = document.getElementById(piece.id);
  // What someone reads stays open.
  for (const one of piece.querySelectorAll("details[id]"))
    one.toggleAttribute("open", document.getElementById(one.id)?.open ?? false);
  if (old.innerHTML === piece.innerHTML) return;
  const left = old.scrollLeft;
  old.replaceWith(document.adoptNode(piece));
  document.getElementById(piece.id).scrollLeft = left;
}

function refocus(again) {
  for (const button of document.querySelectorAll(`#${again.piece} button`)) {
    const { verb, arguments: values, choose } = button.dataset;
    if (verb === again.verb && values === again.arguments && choose === again.choose) button.focus();
  }
}

function applyFilter() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...document.querySelectorAll("#piece-instances tr[data-words]")];
  for (const row of rows) row.hidden = !words.every((word) => row.dataset.words.includes(word));
  const shown = rows.filter((row) => !row.hidden).length;
  document.getElementById("shown").textContent = rows.length ? `${shown} of ${rows.length}` : "";
  listIds();
}

function listIds() {
  const list = document.getElementById("instance-ids");
  const buttons = document.querySelectorAll("#piece-instances [data-choose]");
  if (list.children.length === buttons.length) return;
  list.replaceChildren(...[...buttons].map((button) => new Option("", button.dataset.choose)));
}

function choose(instanceId, day) {
  for (const input of document.querySelectorAll("[data-instance]")) input.value = instanceId;
  // The day where the account is: for hours of every day it is not the clock's.
  for (const input of document.querySelectorAll("[data-today]")) input.value = day;
  say(`${instanceId} is filled in.`, true);
  document.getElementById("act").scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-verb], button[data-choose]");
  if (button?.dataset.choose) choose(button.dataset.choose, button.dataset.day);
  else if (button) send(button.dataset.verb, JSON.parse(button.dataset.arguments), button);
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target.dataset.verb, valuesOf(event.target), event.submitter);
});

filter.addEventListener("input", applyFilter);
for (const input of document.querySelectorAll("[data-today]")) {
  input.value = document.querySelector("#piece-clock b").textContent.slice(0, 10);
}
applyFilter();
setInterval(() => {
  if (document.visibilityState === "visible") refresh().catch(() => say("The sandbox does not answer.", false));
}, 2000);

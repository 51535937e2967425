// Shows what arrives by push (centers/notifications/channels/push.py) and opens its links. It stores and fetches nothing.
"use strict";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

function read(event) {
  try {
    return event.data.json();
  } catch {
    return {};
  }
}

async function show(message) {
  const links = message.links || [];
  await self.registration.showNotification(message.title || "Markaz", {
    body: message.body || "",
    tag: message.tag || "markaz",
    renotify: true,
    lang: message.lang || "",
    dir: message.dir || "auto",
    requireInteraction: Boolean(message.urgent),
    icon: "/static/img/icon-192.png",
    badge: "/static/img/badge-96.png",
    actions: links.map((link, number) => ({ action: String(number), title: link.label })),
    data: { urls: links.map((link) => link.url) },
  });
}

// The icon of the app shows how many alerts are open; a page that is open keeps the number true (app.js).
async function countOnIcon(open) {
  if (Number.isInteger(open) && self.navigator.setAppBadge) await self.navigator.setAppBadge(open).catch(() => {});
}

self.addEventListener("push", (event) => {
  const message = read(event);
  event.waitUntil(Promise.all([show(message), countOnIcon(message.open)]));
});

// A click beside the buttons opens what the first one does.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.urls[Number(event.action)]));
});

// In a page that shows it already, or in a new one: in another page a person may be typing. Links lead to this install only.
async function open(address) {
  const url = new URL(address || "/", self.location.origin);
  const target = url.origin === self.location.origin ? url.href : self.location.origin + "/";
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((one) => one.url === target);
  return page ? page.focus() : self.clients.openWindow(target);
}

// Shows what arrives by push (centers/notifications/channels/push.py) and opens its link. It stores and fetches nothing.
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

// The icon of the app counts what is shown; a page that is open sets it to what is down (app.js).
async function countOnIcon() {
  if (!self.navigator.setAppBadge) return;
  const shown = await self.registration.getNotifications();
  await (shown.length ? self.navigator.setAppBadge(shown.length) : self.navigator.clearAppBadge());
}

self.addEventListener("push", (event) => {
  const message = read(event);
  const shown = self.registration.showNotification(message.title || "Markaz", {
    body: message.body || "",
    tag: message.tag || "markaz",
    renotify: true,
    lang: message.lang || "",
    dir: message.dir || "auto",
    requireInteraction: Boolean(message.urgent),
    icon: "/static/img/icon-192.png",
    badge: "/static/img/badge-96.png",
    data: { url: message.url || "/" },
  });
  event.waitUntil(shown.then(countOnIcon));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.url).then(countOnIcon));
});
self.addEventListener("notificationclose", (event) => event.waitUntil(countOnIcon()));

// In a page of ours that is open, or in a new one. Links lead to this install only.
async function open(address) {
  const url = new URL(address, self.location.origin);
  const target = url.origin === self.location.origin ? url.href : "/";
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((one) => "focus" in one && "navigate" in one);
  if (!page) return self.clients.openWindow(target);
  await page.focus();
  return page.navigate(target).catch(() => self.clients.openWindow(target));
}

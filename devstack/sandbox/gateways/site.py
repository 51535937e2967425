"""Everything below /gateways: the two APIs, the page to pay on, and the merchants."""

from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from .apis import moyasar, stripe
from .books import Account, Books, Order, new_id
from .callbacks import Postbox, failed_event, paid_event, returned_event

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'"

#: What the page offers, in its order: name, label, explanation.
ACTS = (
    ("pay", "Pay", "The callback comes at once."),
    ("fail", "Let the card be refused", "Nothing is paid; the page stays."),
    ("twice", "Pay, callback twice", "The same event is delivered two times."),
    ("late", "Pay, callback late", "It is held back until you send it below."),
    ("lost", "Pay, callback lost", "It never comes; the product has to ask."),
    ("forged", "Forged callback", "Nothing is paid; someone without the secret says so."),
    ("amount", "Pay another amount", "The event says half of it."),
    ("currency", "Pay in another currency", "The event says XTS."),
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pay {description}</title>
<link rel="icon" href="/control/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/control/assets/page.css">
</head>
<body>
<header class="top"><div class="inner">
<p class="name"><span><b>{gateway} sandbox</b>
<span class="quiet">A gateway that is not real. No money moves.</span></span></p>
</div></header>
<main>
<h1>{description}</h1>
<p><b>{amount}</b> <span class="quiet">{status}</span></p>
{notice}
{acts}
{after}
<p><a href="{back}">Back to the merchant</a></p>
{deliveries}
</main>
</body>
</html>
"""


class GatewaySite:
    """Answers requests below /gateways."""

    def __init__(self, books: Books, hosts: frozenset[str] = frozenset()) -> None:
        self.books = books
        self.post = Postbox(books)
        self._hosts = frozenset(_LOOPBACK) | hosts

    def respond(self, request: Request) -> Response:
        """The response to one request."""
        parts = request.path.strip("/").split("/")[1:]
        match parts:
            case ["stripe", *rest]:
                return self._failing() or stripe(self.books, request, rest)
            case ["moyasar", *rest]:
                return self._failing() or moyasar(self.books, request, rest)
            case ["accounts"] if request.method == "POST":
                return self._set_account(request)
            case ["pay", one] if one in self.books.orders:
                return self._pay(request, self.books.orders[one])
        return _json({"error": f"There is nothing at {request.path}."}, 404)

    def act(self, order: Order, name: str) -> str:
        """Do one of ACTS, "send" what was held, or "return" the money; returns what happened, for the page."""
        account = self.books.accounts[order.api_key]
        if name == "fail":
            self.post.send(order, failed_event(order, account))
            return "The card was refused."
        if name == "forged":
            self.post.send(order, paid_event(order, account), forged=True)
            return "The forged callback was sent."
        if name == "send":
            with self.books.lock:
                held, order.held = order.held, []
                self.books.save()
            for event in held:
                self.post.send(order, event)
            return "What was held back was sent."
        if name == "return":
            self.post.send(order, returned_event(order, account))
            return "The money was returned."
        return self._paid(order, account, name)

    def _paid(self, order: Order, account: Account, name: str) -> str:
        with self.books.lock:
            if order.status != "open":
                return "This page can no longer be paid on."
            order.status = "paid"
            order.payment_id = new_id("pi_" if order.provider == "stripe" else "")
            event = {
                "amount": lambda: paid_event(order, account, units=order.units // 2),
                "currency": lambda: paid_event(order, account, currency="XTS"),
            }.get(name, lambda: paid_event(order, account))()
            if name == "late":
                order.held = [event]
            self.books.save()
        if name not in ("late", "lost"):
            self.post.send(order, event, copies=2 if name == "twice" else 1)
        return ""

    def _pay(self, request: Request, order: Order) -> Response:
        if _refused(request, self._hosts):
            return _json({"error": "The page answers only on this machine's own addresses."}, 403)
        if request.method != "POST":
            return _html(self._page(order, ""))
        said = self.act(order, request.form.get("act", ""))
        return _html(self._page(order, said)) if said else redirect(order.success_url, code=303)

    def _page(self, order: Order, said: str) -> str:
        places = {"KWD": 3, "OMR": 3, "BHD": 3, "LYD": 3, "JOD": 3, "TND": 3, "JPY": 0}.get(order.currency, 2)
        amount = f"{order.units / 10**places:.{places}f} {order.currency}"
        acts = "".join(_button(*row) for row in ACTS) if order.status == "open" else ""
        after = _button("send", "Send the late callback", "Now.") if order.held else ""
        if order.status == "paid":
            after += _button("return", "Return the money", "As the merchant would in the dashboard.")
        rows = "".join(
            f"<li>{escape(row['type'])}: {row['status']} <span class='quiet'>{escape(row['answer'])}</span></li>"
            for row in reversed(self.books.deliveries[-8:])
        )
        return _PAGE.format(
            description=escape(order.description),
            gateway=order.provider.capitalize(),
            amount=escape(amount),
            status=order.status,
            notice=f'<p class="notice" role="status">{escape(said)}</p>' if said else "",
            acts=f'<div class="forms">{acts}</div>' if acts else "",
            after=f'<div class="forms">{after}</div>' if after else "",
            back=escape(order.back_url),
            deliveries=f"<h2>Latest callbacks</h2><ul>{rows}</ul>" if rows else "",
        )

    def _set_account(self, request: Request) -> Response:
        given: Any = request.get_json(silent=True)
        if (
            _refused(request, self._hosts)
            or request.mimetype != "application/json"
            or not isinstance(given, dict)
        ):
            return _json({"error": "Send the merchant as application/json, from this machine."}, 403)
        try:
            account = Account(**{key: str(value) for key, value in given.items()})
        except TypeError as error:
            return _json({"error": str(error)}, 400)
        self.books.add(account)
        return _json({"result": "ok"}, 200)

    def _failing(self) -> Response | None:
        with self.books.lock:
            if not self.books.failures:
                return None
            status = self.books.failures.pop(0)
        return _json({"error": {"message": "not now", "type": "api_error"}}, status)


def _refused(request: Request, hosts: frozenset[str]) -> bool:
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return True
    origin = request.headers.get("Origin")
    foreign = request.method == "POST" and origin not in (None, f"http://{request.host}")
    return host not in hosts or foreign


def _button(name: str, label: str, why: str) -> str:
    return (
        f'<form method="post"><input type="hidden" name="act" value="{name}">'
        f'<button type="submit">{escape(label)}</button> <span class="quiet">{escape(why)}</span></form>'
    )


def _html(text: str) -> Response:
    response = Response(text, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def _json(document: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")

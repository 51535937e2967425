"""The APIs of the two gateways, as far as the product calls them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from werkzeug.wrappers import Request, Response

from .books import Account, Books, Order, new_id
from .callbacks import payment_document, session_document

_INDEXED = re.compile(r"\[([^\]]+)\]")


def stripe(books: Books, request: Request, path: list[str]) -> Response:
    """`/v1/checkout/sessions...`, form fields in, JSON out."""
    key = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    account = _account(books, "stripe", key)
    if account is None:
        return _stripe_error(401, "authentication_error", "Invalid API Key provided.")
    match [request.method, *path]:
        case ["POST", "v1", "checkout", "sessions"]:
            return _create_session(books, request, account)
        case ["GET", "v1", "checkout", "sessions"]:
            return _json({"object": "list", "data": [], "has_more": False, "url": "/v1/checkout/sessions"})
        case ["GET", "v1", "checkout", "sessions", one] if order := _order(books, account, one):
            return _json(session_document(order))
        case ["POST", "v1", "checkout", "sessions", one, "expire"] if order := _order(books, account, one):
            return _expire_session(books, order)
    return _stripe_error(404, "invalid_request_error", "Unrecognized request URL.")


def moyasar(books: Books, request: Request, path: list[str]) -> Response:
    """`/v1/invoices...`, JSON in and out."""
    key = _basic_user(request)
    account = _account(books, "moyasar", key)
    if account is None:
        return _json({"type": "authentication_error", "message": "Invalid authorization credentials"}, 401)
    match [request.method, *path]:
        case ["POST", "v1", "invoices"]:
            return _create_invoice(books, request, account)
        case ["GET", "v1", "invoices"]:
            return _json({"invoices": [], "meta": {"current_page": 1, "total_count": 0}})
        case ["GET", "v1", "invoices", one] if order := _order(books, account, one):
            return _json(_invoice(request, order))
        case ["PUT", "v1", "invoices", one, "cancel"] if order := _order(books, account, one):
            return _cancel_invoice(books, request, order)
    return _json({"type": "invalid_request_error", "message": "Not found"}, 404)


def _create_session(books: Books, request: Request, account: Account) -> Response:
    fields = _unfolded(request.form.to_dict())
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
    repeated = request.headers.get("Idempotency-Key", "")
    with books.lock:
        if repeated in books.keys:
            known, one = books.keys[repeated]
            if known != digest:
                return _stripe_error(
                    400, "idempotency_error", "Keys can only be used with the same parameters."
                )
            return _json(session_document(books.orders[one]) | {"url": _page(request, one)})
        asked = _asked(fields)
        if asked is None:
            return _stripe_error(400, "invalid_request_error", "Missing or invalid parameter.")
        units, currency, description, urls = asked
        order = Order(
            id=new_id("cs_test_"),
            provider="stripe",
            api_key=account.api_key,
            units=units,
            currency=currency,
            description=description,
            success_url=urls[0],
            back_url=urls[1],
            metadata=dict(fields.get("metadata", {})),
            reference=str(fields.get("client_reference_id", "")),
        )
        if repeated:
            books.keys[repeated] = [digest, order.id]
        books.new_order(order)
    return _json(session_document(order) | {"url": _page(request, order.id)})


def _asked(fields: dict[str, Any]) -> tuple[int, str, str, tuple[str, str]] | None:
    """Units, currency, description, and where to return to; None if something is missing."""
    try:
        line = fields["line_items"]["0"]
        price = line["price_data"]
        units = int(price["unit_amount"]) * int(line["quantity"])
        urls = (str(fields["success_url"]), str(fields["cancel_url"]))
        name = str(price["product_data"]["name"])
    except (KeyError, ValueError, TypeError):
        return None
    if fields.get("mode") != "payment" or units <= 0:
        return None
    return units, str(price["currency"]).upper(), name, urls


def _expire_session(books: Books, order: Order) -> Response:
    if order.status != "open":
        return _stripe_error(
            400, "invalid_request_error", "Only Checkout Sessions with a status of open can be expired."
        )
    _close(books, order)
    return _json(session_document(order))


def _create_invoice(books: Books, request: Request, account: Account) -> Response:
    given: Any = request.get_json(silent=True)
    if not isinstance(given, dict) or not isinstance(given.get("amount"), int) or given["amount"] < 100:
        return _json({"type": "invalid_request_error", "message": "Validation Failed"}, 400)
    order = books.new_order(
        Order(
            id=new_id(""),
            provider="moyasar",
            api_key=account.api_key,
            units=given["amount"],
            currency=str(given.get("currency", "SAR")),
            description=str(given.get("description", "")),
            success_url=str(given.get("success_url") or ""),
            back_url=str(given.get("back_url") or ""),
            metadata={str(key): str(value) for key, value in (given.get("metadata") or {}).items()},
        )
    )
    return _json(_invoice(request, order), 201)


def _cancel_invoice(books: Books, request: Request, order: Order) -> Response:
    if order.status != "open":
        return _json({"type": "invalid_request_error", "message": "The invoice is not open"}, 400)
    _close(books, order)
    return _json(_invoice(request, order))


def _invoice(request: Request, order: Order) -> dict[str, Any]:
    states = {"open": "initiated", "paid": "paid", "expired": "canceled"}
    return {
        "id": order.id,
        "status": states[order.status],
        "amount": order.units,
        "currency": order.currency,
        "description": order.description,
        "url": _page(request, order.id),
        "success_url": order.success_url,
        "back_url": order.back_url,
        "metadata": order.metadata,
        "payments": [payment_document(order)] if order.status == "paid" else [],
    }


def _close(books: Books, order: Order) -> None:
    with books.lock:
        order.status = "expired"
        books.save()


def _account(books: Books, provider: str, key: str) -> Account | None:
    account = books.accounts.get(key)
    return account if account and account.provider == provider else None


def _order(books: Books, account: Account, one: str) -> Order | None:
    order = books.orders.get(one)
    return order if order and order.api_key == account.api_key else None


def _basic_user(request: Request) -> str:
    given = request.headers.get("Authorization", "")
    try:
        return base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")[0]
    except ValueError:
        return ""


def _unfolded(form: dict[str, str]) -> dict[str, Any]:
    """`line_items[0][quantity]=1` as nested dicts."""
    document: dict[str, Any] = {}
    for name, value in form.items():
        parts = [name.partition("[")[0], *_INDEXED.findall(name)]
        place = document
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = value
    return document


def _page(request: Request, one: str) -> str:
    return f"{request.scheme}://{request.host}/gateways/pay/{one}"


def _stripe_error(status: int, kind: str, message: str) -> Response:
    return _json({"error": {"type": kind, "message": message}}, status)


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")

"""The control plane over HTTP: only for this machine, and never for another site's page."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from .control_page.mails import SHOWN
from .control_page.page import render_fragment, render_page
from .dispatch import Dispatcher
from .mails import latest
from .qr import png
from .state.state import SandboxState
from .verbs import ControlError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ASSETS = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
_REQUESTS_SHOWN = 40
_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'"
# Mails bring their styles along, and a logo of the product; they run nothing.
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; sandbox"


class ControlPlane:
    """Serves /control: the page, its files and the verbs."""

    def __init__(
        self,
        state: SandboxState,
        dispatcher: Dispatcher,
        hosts: frozenset[str] = frozenset(),
        mails: Path | None = None,
    ) -> None:
        self._state = state
        self._dispatcher = dispatcher
        self._hosts = _LOOPBACK | hosts
        self._mails = mails

    def respond(self, request: Request) -> Response:
        """The response to a request below /control, or a redirect from / to it."""
        refusal = self._refusal(request)
        if refusal:
            return _json({"error": refusal}, 403)
        if request.path == "/":
            return redirect("/control")
        response = self._page(request) if request.method == "GET" else self._verb(request)
        policy = _MAIL_POLICY if request.path.startswith("/control/mails/") else _POLICY
        response.headers["Content-Security-Policy"] = f"{policy}; form-action 'none'; frame-ancestors 'none'"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    def _refusal(self, request: Request) -> str:
        """Why the request may not control the sandbox; a browser may have been tricked into sending it."""
        if _host_name(f"//{request.host}") not in self._hosts:
            return "The control page answers only on this machine's own addresses."
        origin = request.headers.get("Origin")
        if request.method != "GET" and origin is not None and origin != f"http://{request.host}":
            return "Another site's page may not steer the sandbox."
        if request.method != "GET" and request.mimetype != "application/json":
            return "Send the arguments as application/json."
        return ""

    def _page(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        match parts[1:]:
            case []:
                return _html(render_page(*self._readings()))
            case ["fragment"]:
                return _html(render_fragment(*self._readings()))
            case ["mails" | "qr" as kind, item]:
                return self._mail(item) if kind == "mails" else self._qr_image(item)
            case ["assets", name] if name in _ASSETS:
                body = files(__package__).joinpath("assets", name).read_bytes()
                return Response(body, content_type=f"{_ASSETS[name]}; charset=utf-8")
            case ["api", ("state" | "requests_log") as reading]:
                return _json({"result": self._dispatcher.run(reading, {})}, 200)
        return _json({"error": f"There is nothing at {request.path}."}, 404)

    def _verb(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if request.method != "POST" or len(parts) != 3 or parts[1] != "api":
            return _json({"error": f"There is no control verb at {request.path}."}, 404)
        arguments = request.get_json(silent=True) if request.get_data() else {}
        if not isinstance(arguments, dict):
            return _json({"error": "The body must be a JSON object."}, 400)
        try:
            return _json({"result": self._dispatcher.run(parts[2], arguments)}, 200)
        except ControlError as error:
            return _json({"error": str(error)}, 400)

    def _qr_image(self, instance_id: str) -> Response:
        with self._state.lock:
            instance = self._state.instances.get(instance_id)
            code = instance.qr.text if instance and instance.qr else None
        if code is None:
            return _json({"error": "No code on show."}, 404)
        return Response(png(code), content_type="image/png")

    def _mail(self, mail_id: str) -> Response:
        page = next((mail["html"] for mail in latest(self._mails, SHOWN) if mail["id"] == mail_id), "")
        return _html(page) if page else _json({"error": "No mail with this id is among the latest."}, 404)

    def _readings(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        state = self._dispatcher.run("state", {}) | {"mails": latest(self._mails, SHOWN)}
        return state, self._dispatcher.run("requests_log", {"last": _REQUESTS_SHOWN})


def _host_name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _html(text: str) -> Response:
    return Response(text, content_type="text/html; charset=utf-8")


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")

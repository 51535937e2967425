"""The product API over HTTP: paths, key, request limit, faults, token; then the call itself."""

from __future__ import annotations

from threading import Event

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from .calls import CALLS
from .faults import Fault
from .fields import sent_fields
from .misbehavior import Act, misbehave
from .replies import Answer, Refusal, failure, html_page
from .state.records import Account, RequestEntry
from .state.state import SandboxState
from .state.tokens import TokenError

# The contract's paths, below the host. send-template and login come from MazBot's public pages.
_PATHS = (
    ("POST", "/api/login", "login"),
    ("GET", "/api/whatsapp/status/<instance_id>", "status"),
    ("POST", "/api/whatsapp/connect", "connect"),
    ("GET", "/api/billing/rates", "rates"),
    ("GET", "/api/analytics/usage", "usage"),
    ("GET", "/api/analytics/usage/main-account", "usage_main"),
    ("POST", "/api/instance/toggle", "toggle"),
    ("POST", "/api/instance/set-webhook", "set_webhook"),
    ("POST", "/api/whatsapp/send-template", "send_template"),
)
_ROUTES = Map(
    [
        Rule(prefix + path, methods=[method], endpoint=call, defaults={"prefix": prefix.strip("/")})
        for prefix in ("", "/ar", "/en")
        for method, path, call in _PATHS
    ],
    strict_slashes=False,
    redirect_defaults=False,
)


class ProductApi:
    """Answers as MazBot does, or misbehaves as a fault defines."""

    def __init__(self, state: SandboxState, stopping: Event) -> None:
        self._state = state
        self._stopping = stopping

    def respond(self, request: Request) -> Response:
        """The response to one request; every request on a known path is logged, in order of arrival."""
        try:
            call, values = _ROUTES.bind_to_environ(request.environ).match()
        except NotFound:
            return html_page("404 Not Found", 404)
        except MethodNotAllowed as error:
            return _method_not_allowed(error)
        except HTTPException as error:
            return html_page(error.name, error.code or 500)
        arrived = self._state.clock.wall()
        api_key = request.headers.get("apikey", "")
        account = self._state.accounts.get(api_key)
        sent = sent_fields(request, account.accepts if account and call != "login" else "any")
        instance_id = values.get("instance_id") or sent.get("instance_id", "")
        entry = RequestEntry(arrived, api_key, call, instance_id)
        with self._state.lock:
            self._state.requests.append(entry)
        response = self._admitted(request, account, call, {**sent, **values})
        entry.status_code = response.status_code
        return response

    def _admitted(
        self, request: Request, account: Account | None, call: str, sent: dict[str, str]
    ) -> Response:
        """Key, locale path and limit, in that order; then the fault or the call."""
        if account is None:
            return failure("Invalid or missing API key.", 401).response()
        if sent.pop("prefix") != account.locale_prefix:
            return html_page("404 Not Found", 404)
        refusal = self._over_limit(account)
        if refusal:
            return refusal.response()

        def act() -> Answer:
            return self._carry_out(request, account, call, sent)

        fault = self._state.faults.take(call, account.api_key, sent.get("instance_id", ""))
        if fault is None:
            return act().response()
        return self._strike(fault, request, act)

    def _strike(self, fault: Fault, request: Request, act: Act) -> Response:
        if fault.kind == "expired_token":
            self._state.tokens.revoke(_bearer(request))
        return misbehave(fault, request, act, self._stopping)

    def _over_limit(self, account: Account) -> Answer | None:
        now = self._state.clock.wall()
        with self._state.lock:
            if self._state.window.admit(account.api_key, account.rate_limit, now):
                return None
            wait = self._state.window.seconds_to_wait(account.api_key, now)
        answer = failure("Too Many Attempts.", 429)
        if account.retry_after:
            answer.headers["Retry-After"] = str(wait)
        return answer

    def _carry_out(self, request: Request, account: Account, call: str, sent: dict[str, str]) -> Answer:
        if call != "login":
            try:
                self._state.tokens.check(
                    _bearer(request), account_key=account.api_key, now=self._state.clock.wall()
                )
            except TokenError as error:
                return failure(str(error), 401)
        try:
            with self._state.lock:
                return CALLS[call](self._state, account, sent)
        except Refusal as refusal:
            return refusal.answer


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _method_not_allowed(error: MethodNotAllowed) -> Response:
    answer = failure("The method is not supported for this route.", 405)
    answer.headers["Allow"] = ", ".join(error.valid_methods or [])
    return answer.response()

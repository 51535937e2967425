"""The sandbox as a server: product API and control plane on one port."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request

from .api import ProductApi
from .control import Control
from .control_http import ControlPlane
from .dispatch import Dispatcher
from .gateways import Books, GatewaySite
from .replies import failure
from .state import store
from .state.clock import WallClock, utc_now
from .state.state import SandboxState
from .verbs import Verbs
from .webhooks import Postman

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_BODY_LIMIT = 4 * 1024 * 1024
# What a new sandbox starts with; the demo uses these.
DEMO_ACCOUNT = {
    "api_key": "demo-key",
    "email": "staff@demo-reseller.example",
    "password": "demo-password",
    "owner_email": "owner@demo-reseller.example",
}


class PortInUse(OSError):
    """Another program listens on the port."""


class QuietHandler(WSGIRequestHandler):
    """Writes no line per request: the request log is in the control API."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        """A fault or the client closed the socket: read no further request from it."""
        self.close_connection = True


class SandboxServer:
    """A running sandbox: `with SandboxServer() as sandbox`, then `sandbox.url` and `.control`.

    `state_file` None keeps nothing. A new state holds the demo account unless `demo_account` is False.
    `rate_limit` is the default of accounts added later. `control_hosts` are further Host names that may
    reach the control plane. `clock` replaces the wall clock.
    """

    def __init__(
        self,
        state_file: Path | str | None = None,
        rate_limit: int = 60,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        clock: WallClock = utc_now,
        demo_account: bool = True,
        control_hosts: Iterable[str] = (),
        mails: Path | None = None,
    ) -> None:
        self.state = SandboxState(clock)
        self.host, self.port = host, port
        self._path = Path(state_file) if state_file is not None else None
        self._rate_limit = rate_limit
        self._demo_account = demo_account
        self._control_hosts = frozenset(control_hosts)
        self._mails = mails
        self._stopping = threading.Event()

    @property
    def url(self) -> str:
        """Scheme, host and port under which this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def api_base(self) -> str:
        """The product API's base URL."""
        return f"{self.url}/api"

    def start(self) -> None:
        """Read the state, open the port and answer in background threads."""
        document = store.read(self._path) if self._path else None
        if document is not None:
            self.state.restore(document)
        self._server = self._bind()
        self._postman = Postman(self.state)
        dispatcher = Dispatcher(self.state, Verbs(self.state, self._postman, self._rate_limit))
        self._product = ProductApi(self.state, self._stopping)
        self._plane = ControlPlane(self.state, dispatcher, self._control_hosts, self._mails)
        beside = self._path.with_name(f"{self._path.stem}-gateways.json") if self._path else None
        self.gateways = GatewaySite(Books(beside), self._control_hosts)
        self.control = Control(dispatcher.run)
        self._file = store.StateFile(self._path, self.state.document) if self._path else None
        if self._file:
            self.state.on_change = self._file.mark
        if document is None and self._demo_account:
            dispatcher.run("add_account", dict(DEMO_ACCOUNT))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sandbox-server", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, end waiting faults, write the state."""
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._postman.close()
        if self._file:
            self._file.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = _BODY_LIMIT
        top = request.path.split("/")[1]
        responder: ControlPlane | GatewaySite | ProductApi = self._product
        if top == "gateways":
            responder = self.gateways
        elif request.path == "/" or top == "control":
            responder = self._plane
        try:
            response = responder.respond(request)
        except HTTPException as error:  # a body over the limit, a broken multipart
            response = failure(error.name, error.code or 400).response()
        return response(environ, start_response)

    def _bind(self) -> BaseWSGIServer:
        """Open the port ourselves: Werkzeug would print and exit when it is taken."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            listener = socket.create_server((self.host, self.port), family=family, backlog=256)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise PortInUse(f"Cannot listen on {self.host}:{self.port}: {reason}.") from error
        with listener:
            server = make_server(
                self.host,
                self.port,
                self,
                threaded=True,
                request_handler=QuietHandler,
                fd=listener.fileno(),
            )
        self.port = server.port
        return server

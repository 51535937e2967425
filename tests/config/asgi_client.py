"""Speaking ASGI to an application in the test's own event loop."""

import asyncio
from contextlib import suppress
from typing import Any


class Stream:
    """One open request; `text` grows while the application sends."""

    def __init__(
        self, app: Any, path: str, query: str = "", *, method: str = "GET", client: str = "10.0.0.1"
    ) -> None:
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inbox.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        self._grown = asyncio.Event()
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.text = ""
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [],
            "client": (client, 1),
        }
        self.task = asyncio.create_task(app(scope, self._inbox.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.text += message.get("body", b"").decode()
        self._grown.set()

    async def until(self, words: str, seconds: float = 5) -> str:
        """Wait until `text` has arrived."""
        try:
            async with asyncio.timeout(seconds):
                while words not in self.text:
                    self._grown.clear()
                    await self._grown.wait()
        except TimeoutError:
            raise AssertionError(
                f"{words!r} did not arrive; status {self.status}, so far {self.text!r}"
            ) from None
        return self.text

    async def answered(self) -> "Stream":
        """Wait for the whole answer."""
        await asyncio.wait_for(self.task, 5)
        return self

    async def leave(self) -> None:
        """The browser disconnects."""
        self._inbox.put_nowait({"type": "http.disconnect"})
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(self.task, 5)

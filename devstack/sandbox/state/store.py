"""The state file: written atomically, shortly after a change and at the end."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SETTLE_SECONDS = 0.3  # changes in a burst (55 instances being added) share one write


class StateFileError(Exception):
    """The state file cannot be read or written."""


def read(path: Path) -> dict[str, Any] | None:
    """The document in the file, or None when there is no file or an empty one."""
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        document = json.loads(text) if text.strip() else None
    except (OSError, ValueError) as error:
        raise StateFileError(f"The state file {path} cannot be read: {error}.") from error
    if document is not None and not isinstance(document, dict):
        raise StateFileError(f"The state file {path} holds no sandbox state.")
    return document


def write(path: Path, document: dict[str, Any]) -> None:
    """Replace the file atomically: a crash leaves the old or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


class StateFile:
    """Writes `document()` in the background after `mark()`, and once more on `close()`."""

    def __init__(self, path: Path, document: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._document = document
        self._changed = threading.Event()
        self._closing = threading.Event()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._run, name="sandbox-state", daemon=True)
        self._thread.start()

    def mark(self) -> None:
        """Note that something changed."""
        self._changed.set()

    def close(self) -> None:
        """Write pending changes and stop."""
        self._closing.set()
        self._changed.set()
        self._thread.join()

    def _write(self) -> None:
        """A full disk fails this write, not later ones."""
        try:
            write(self._path, self._document())
        except OSError as error:
            sys.stderr.write(f"The sandbox's state was not saved to {self._path}: {error.strerror}.\n")

    def _run(self) -> None:
        while True:
            self._changed.wait()
            closing = self._closing.wait(_SETTLE_SECONDS)
            self._changed.clear()
            self._write()
            if closing:
                return

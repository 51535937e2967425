"""The mails that a demo wrote to a folder instead of a mail server (Django's file backend)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

_BETWEEN = b"\n" + b"-" * 79 + b"\n"
_FILES_READ = 60


def latest(folder: Path | None, shown: int) -> list[dict[str, Any]]:
    """The newest mails first: `id`, `at`, `to`, `subject`, `text`, `html`, and the names of `attachments`."""
    if folder is None or not folder.is_dir():
        return []
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    mails = (mail for file in files[:_FILES_READ] for mail in reversed(list(_mails(file))))
    return [mail for mail, _number in zip(mails, range(shown), strict=False)]


def _mails(file: Path) -> Iterator[dict[str, Any]]:
    written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    for source in file.read_bytes().split(_BETWEEN):
        if source.strip():
            mail = BytesParser(policy=policy.default).parsebytes(source)
            body, page = mail.get_body(("plain",)), mail.get_body(("html",))
            yield {
                "id": hashlib.sha256(source).hexdigest()[:12],
                "at": written.isoformat(),
                "to": str(mail["To"]),
                "subject": str(mail["Subject"]).strip(),
                "text": body.get_content().strip() if body is not None else "",
                "html": page.get_content() if page is not None else "",
                "attachments": [part.get_filename() or "" for part in mail.iter_attachments()],
            }

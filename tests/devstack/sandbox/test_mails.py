"""The control page shows the mails of a demo, as their recipients read them."""

from pathlib import Path

import pytest
import requests
from django.core.mail import EmailMultiAlternatives, get_connection

from devstack.sandbox import SandboxServer
from devstack.sandbox.mails import latest


def sent(folder: Path, *subjects: str, text: str = "Hello\n\nhttps://markaz.example/x?a=1&b=2") -> None:
    backend = get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=folder)
    mails = [
        EmailMultiAlternatives(one, text, "us@markaz.example", ["noor@center.example"]) for one in subjects
    ]
    for mail in mails:
        mail.attach_alternative("<p>Hello</p>", "text/html")
        mail.attach("INV-1.pdf", b"%PDF", "application/pdf")
    backend.send_messages(mails)


def test_the_newest_mails_come_first_and_whole(tmp_path: Path) -> None:
    sent(tmp_path, "فاتورة", "second")
    newest, oldest = latest(tmp_path, 9)
    assert (newest["subject"], oldest["subject"]) == ("second", "فاتورة")
    assert newest["to"] == "noor@center.example"
    assert newest["text"].startswith("Hello")
    assert newest["attachments"] == ["INV-1.pdf"]
    assert len(latest(tmp_path, 1)) == 1


@pytest.mark.parametrize("folder", [None, Path("/nowhere/at/all")])
def test_without_a_folder_there_are_none(folder: Path | None) -> None:
    assert latest(folder, 9) == []


def test_links_can_be_followed_and_the_rest_stays_text(tmp_path: Path) -> None:
    sent(tmp_path, "<script>alert(1)</script>")
    with SandboxServer(port=0, mails=tmp_path) as sandbox:
        page = requests.get(f"{sandbox.url}/control", timeout=5).text
    assert '<a href="https://markaz.example/x?a=1&amp;b=2"' in page
    assert "INV-1.pdf" in page
    assert "<script>alert" not in page

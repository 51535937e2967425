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


def test_a_mail_is_shown_as_a_mail_program_does_and_runs_nothing(tmp_path: Path) -> None:
    sent(tmp_path, "Invoice")
    with SandboxServer(port=0, mails=tmp_path) as sandbox:
        mail = latest(tmp_path, 1)[0]
        address = f"{sandbox.url}/control/mails/{mail['id']}"
        shown = requests.get(address, timeout=5)
        missing = requests.get(f"{sandbox.url}/control/mails/0", timeout=5)
        assert f'href="/control/mails/{mail["id"]}"' in requests.get(f"{sandbox.url}/control", timeout=5).text
    assert (shown.status_code, shown.text.strip()) == (200, "<p>Hello</p>")
    policy = shown.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "; sandbox;" in policy
    assert "script-src" not in policy
    assert missing.status_code == 404

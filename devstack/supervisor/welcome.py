"""Waits for the login page, fills an empty install with the demo, and prints where to sign in.

A process of its own beside the supervisor, so that it may take its time while the pages are served already.
The logins are shown as soon as they work, while the demo's months are still being filled in.
"""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime

from devstack.demo_accounts import ACCOUNTS, PASSWORD, SIGN_IN_NOW

PATIENCE = 120.0


def main() -> int:
    """Run once; returns the exit status."""
    site, sandbox = os.environ["SITE_URL"], os.environ.get("MARKAZ_SANDBOX_URL", "")
    if not answers(f"{site}/accounts/login/"):
        say(f"The login page at {site} did not answer within {PATIENCE:.0f} s; the lines above tell why.")
        return 1
    say(f"The login page answers at {site}")
    if sandbox and answers(f"{sandbox}/control") and fill(banner(site, sandbox, logins=True)):
        return 0
    if sandbox:
        say("The demo data could not be filled; the lines above tell why. The pages are served anyway.")
    print(banner(site, sandbox, logins=False), flush=True)
    return 0


def say(text: str) -> None:
    """One line in the format of the supervisor's log."""
    print(f"{datetime.now().astimezone():%H:%M:%S} demo     | {text}", flush=True)


def answers(address: str) -> bool:
    """Wait until the address answers with a page."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=10) as response:  # noqa: S310  # our own address
                return bool(response.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    return False


def fill(welcome: str) -> bool:
    """Create the demo's reseller when the database has none; its progress goes to the log.

    Prints `welcome` once the demo's people can sign in; False when the demo could not be filled.
    """
    command = [sys.executable, "manage.py", "demo", "--if-empty"]
    shown = False
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            say(line.rstrip())
            if SIGN_IN_NOW in line:
                say(
                    "Its two months of usage and invoices come in meanwhile; a line says when it is complete."
                )
                print(welcome, flush=True)
                shown = True
    if process.returncode == 0 and not shown:
        print(welcome, flush=True)
    return process.returncode == 0


def banner(site: str, sandbox: str, *, logins: bool) -> str:
    """The text that shows how to start; with the demo's logins only if the demo created them."""
    lines = ["", f"  Markaz is ready:  {site}", ""]
    if logins:
        lines += [f"  Log in as         {ACCOUNTS[0].email:<24} {ACCOUNTS[0].role}"]
        lines += [f"                    {account.email:<24} {account.role}" for account in ACCOUNTS[1:]]
        lines += [f"  Password          {PASSWORD}", ""]
    if sandbox:
        lines += [
            "  The sandbox's control page (scan codes, read mails and WhatsApp messages, start faults):",
            f"                    {sandbox}/control",
            "",
        ]
    lines += [
        "  A real MazBot account: Settings > MazBot account on the pages, or",
        "                    .venv/bin/python manage.py create_reseller --help",
        "",
        "  Ctrl-C stops everything; the data stays until `make reset`.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

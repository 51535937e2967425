"""`make run` shows a demo unless the install is, or is meant to be, a real one."""

from collections.abc import Iterable
from pathlib import Path

import psycopg

from centers.hosts import is_loopback, on_this_machine
from config import demo_mode
from devstack.embedded.state import external, state_dir

Environment = dict[str, str]


def settle(environment: Environment) -> None:
    """Put MARKAZ_DEMO into the environment: as it is set, else on where only this machine is served.

    Raises demo_mode.NoDemoHere.
    """
    configured = external("MARKAZ_DEMO")
    at_home = on_this_machine(environment["SITE_URL"]) and not external("DATABASE_URL")
    enabled = configured if configured is not None else "1" if at_home else "0"
    environment["MARKAZ_DEMO"] = enabled if demo_mode.is_demo(enabled, environment["SITE_URL"]) else "0"


def is_on(environment: Environment) -> bool:
    """Whether the processes will run as a demo."""
    return environment["MARKAZ_DEMO"] != "0"


def mail_folder() -> Path:
    """Where the demo's mails go if no mail server is set; the sandbox's control page shows them."""
    return state_dir() / "mail"


def mail_url() -> str:
    """EMAIL_URL for that folder."""
    return f"file:///{mail_folder()}"


def make_way_for_customers(environment: Environment, database_url: str) -> str:
    """Turn the demo off if a reseller is connected to a MazBot elsewhere; returns a message for the operator, or "".

    Raises demo_mode.NoDemoHere when the demo was requested explicitly.
    """
    if not is_on(environment):
        return ""
    elsewhere = _accounts_elsewhere(database_url)
    if not elsewhere:
        return ""
    problem = f"{', '.join(elsewhere)} {'is' if len(elsewhere) == 1 else 'are'} connected to a real MazBot."
    if external("MARKAZ_DEMO") is not None:
        raise demo_mode.NoDemoHere(f"MARKAZ_DEMO is set, but {problem} {demo_mode.WHY}")
    environment["MARKAZ_DEMO"] = "0"
    environment.pop("MARKAZ_SANDBOX_URL", None)
    if environment.get("EMAIL_URL") == mail_url():
        del environment["EMAIL_URL"]
    return f"This is no longer a demo: {problem} No sandbox, no movable clock, no demo logins."


def warning(environment: Environment) -> str:
    """A warning when the demo is reachable from other machines; "" otherwise."""
    if not is_on(environment) or is_loopback(environment["HOST"]):
        return ""
    return f"CAREFUL: this demo listens on {environment['HOST']}, and its passwords are public."


def _accounts_elsewhere(database_url: str) -> list[str]:
    """Slugs of the resellers whose MazBot is not on this machine."""
    query = (
        "SELECT r.slug, a.base_url FROM whatsapp_mazbotaccount a JOIN centers_reseller r ON r.id = a.reseller_id "
        "WHERE a.api_key <> '' ORDER BY r.slug"
    )
    with psycopg.connect(database_url) as database:
        rows: Iterable[tuple[str, str]] = database.execute(query).fetchall()
    return [slug for slug, url in rows if not on_this_machine(url)]

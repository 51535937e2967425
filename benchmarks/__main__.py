"""Run all benchmarks, or the named ones, on their own database, and keep what they measured.

benchmarks/results.json has the last figure of each, README its table.
"""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from benchmarks.results import Result, keep, table
from devstack import embedded

NAME = "markaz_bench"
REDIS_NUMBER = 15
README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- written by make bench -->", "<!-- end -->"


def main(names: list[str]) -> int:
    """Measure; a benchmark that fails ends the run with its traceback."""
    with embedded.lease(), own_database():
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        for name, measure in benchmarks().items():
            if not names or name in names:
                print(f"measuring: {name}", flush=True)
                results = measure()
                keep(results)
                for result in results:
                    print(f"  {result.name}: {result.value:.4g} {result.unit}", flush=True)
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{report()}{END}{rest.partition(END)[2]}")
    return 0


def benchmarks() -> dict[str, Callable[[], list[Result]]]:
    """Name and function of each; imported late because they need Django."""
    from benchmarks import (
        alerting,
        budget,
        detecting,
        graph,
        hints,
        invoices,
        lanes,
        pages,
        recover,
        sweep,
        sweeping,
    )

    return {
        "pages": pages.measure,
        "sweep": sweep.measure,
        "invoices": invoices.measure,
        "budget": budget.measure,
        "hints": hints.measure,
        "lanes": lanes.measure,
        "fleet": sweeping.healthy,
        "hanging": sweeping.hanging,
        "usage": sweeping.usage_due,
        "detect": detecting.measure,
        "alert": alerting.measure,
        "graph": graph.measure,
        "recover": recover.measure,
    }


def report() -> str:
    """The kept figures as a Markdown table, with the machine of this run."""
    return (
        f"By `make bench`, last on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"embedded PostgreSQL and Valkey.\n\n{table()}\n"
    )


@contextmanager
def own_database() -> Iterator[None]:
    """A fresh database and an empty Valkey number, named in the environment before Django reads it."""
    embedded_url = embedded.database_url()
    admin_url = urlunsplit(urlsplit(embedded_url)._replace(path="/postgres"))
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(embedded_url)._replace(path="/" + NAME))
    os.environ["REDIS_URL"] = urlunsplit(urlsplit(embedded.redis_url())._replace(path=f"/{REDIS_NUMBER}"))
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        MARKAZ_TESTING="1",
        SECRET_KEY="benchmarks-" + "x" * 50,
        FIELD_KEYS="0Yh3w3sKRxlOSaDmvcYFqTCmvG5kMYtwFmEFsd4H6lM=",
        EMAIL_URL="memory:",
        # The benchmarks' MazBot is on this machine.
        MAZBOT_INTERNAL_HOSTS="127.0.0.1",
        LOG_LEVEL="ERROR",
    )
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as valkey:
        valkey.flushdb()
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{NAME}"')
    try:
        yield
    finally:
        # Connected again: one benchmark kills the server.
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Run all benchmarks, or the named ones, on their own database, and keep what they measured.

benchmarks/results.json has the last figure of each, README its table.
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from benchmarks.results import QUICK, Result, is_quick, keep, table
from devstack import embedded

NAME, MIGRATED = "markaz_bench", "markaz_bench_migrated"
REDIS_NUMBER = 15
README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- written by make bench -->", "<!-- end -->"


#: In the order in which they run: module and function.
BENCHMARKS = {
    "pages": ("pages.answers", "measure"),
    "board": ("pages.board", "measure"),
    "flat": ("pages.flat", "measure"),
    "explain": ("pages.explain", "measure"),
    "wire": ("pages.wire", "measure"),
    "sweep": ("sweeps.sweep", "measure"),
    "invoices": ("money.invoices", "measure"),
    "due": ("money.due", "measure"),
    "writes": ("money.writes", "measure"),
    "budget": ("sweeps.budget", "measure"),
    "hints": ("live.hints", "measure"),
    "web": ("live.web", "measure"),
    "live": ("live.idle", "measure"),
    "product": ("live.product", "measure"),
    "lanes": ("sweeps.lanes", "measure"),
    "fleet": ("sweeps.sweeping", "healthy"),
    "hanging": ("sweeps.sweeping", "hanging"),
    "usage": ("sweeps.sweeping", "usage_due"),
    "detect": ("sweeps.detecting", "measure"),
    "alert": ("sweeps.alerting", "measure"),
    "notify": ("sweeps.notifying", "measure"),
    "graph": ("sweeps.graph", "measure"),
    "recover": ("sweeps.recover", "measure"),
}
#: What `quick` measures: together under five minutes on two cores.
SHORT = ("pages", "wire", "invoices", "due", "writes", "budget", "hints", "web", "live", "product")
#: Those with a small size for it.
SIZED = ("invoices", "due", "writes")


def main(names: list[str]) -> int:
    """Measure; a benchmark that fails ends the run with its traceback. `quick`: short ones, of small sizes."""
    if "quick" in names:
        os.environ[QUICK] = "1"
        names = [name for name in names if name != "quick"] or list(SHORT)
    begun = time.monotonic()
    with embedded.lease(), own_database():
        import django

        django.setup()
        known = benchmarks()
        if unknown := set(names) - known.keys():
            print(f"No such benchmark: {', '.join(sorted(unknown))}. There are: quick, {', '.join(known)}.")
            return 2
        _migrate()
        for name, measure in known.items():
            if not names or name in names:
                print(f"measuring: {name}", flush=True)
                _start_empty()
                results = measure()
                keep(results, small=is_quick() and name in SIZED)
                for result in results:
                    print(f"  {result.name}: {result.value:.4g} {result.unit}", flush=True)
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{report()}{END}{rest.partition(END)[2]}")
    print(f"Measured in {time.monotonic() - begun:.0f} s.")
    return 0


def benchmarks() -> dict[str, Callable[[], list[Result]]]:
    """Name and function of each; imported late because they need Django."""
    return {
        name: getattr(import_module(f"benchmarks.{module}"), function)
        for name, (module, function) in BENCHMARKS.items()
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
    """A database and a Valkey number of the benchmarks' own, named in the environment before Django reads it."""
    embedded_url = embedded.database_url()
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
    _databases(*_drop(NAME), f'CREATE DATABASE "{NAME}"')
    try:
        yield
    finally:
        _databases(*_drop(NAME), *_drop(MIGRATED))


def _migrate() -> None:
    """Create all tables, once for all benchmarks."""
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    connections.close_all()
    _databases(*_drop(MIGRATED), f'CREATE DATABASE "{MIGRATED}" TEMPLATE "{NAME}"')


def _start_empty() -> None:
    """No benchmark finds what another has left."""
    from django.db import connections

    connections.close_all()
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as valkey:
        valkey.flushdb()
    _databases(*_drop(NAME), f'CREATE DATABASE "{NAME}" TEMPLATE "{MIGRATED}"')


def _drop(name: str) -> tuple[str, str]:
    """Not WITH (FORCE): that wants to end autovacuum as well, which is not ours; a plain DROP may, and waits for it."""
    ours = f"datname = '{name}' AND usename = current_user AND pid <> pg_backend_pid()"
    return (
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {ours}",
        f'DROP DATABASE IF EXISTS "{name}"',
    )


def _databases(*statements: str) -> None:
    """Run these on the server; connected each time, because one benchmark kills it."""
    url = urlunsplit(urlsplit(embedded.database_url())._replace(path="/postgres"))
    with psycopg.connect(url, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

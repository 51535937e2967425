"""How long the pages people look at most take, with many numbers, through the whole middleware stack."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.rows import big_reseller
from benchmarks.timing import milliseconds

NUMBERS = 10_000
PAGES = {
    "Board, first 50": "/r/pages/board/",
    "Board, search": "/r/pages/board/?q=Number+77",
    "Home": "/r/pages/",
    "Centers, first 50": "/r/pages/centers/",
    "Alerts": "/r/pages/alerts/",
}


def measure() -> list[tuple[str, str]]:
    """Median time and SQL queries of each page."""
    _, owner = big_reseller("pages", centers=2_000, numbers=NUMBERS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(owner)
    return [(f"{name}, {NUMBERS:,} numbers", _page(client, path)) for name, path in PAGES.items()]


def _page(client: Client, path: str) -> str:
    def get() -> None:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    taken = milliseconds(get)
    with CaptureQueriesContext(connection) as queries:
        get()
    return f"{taken:.0f} ms, {len(queries)} queries"

"""Response times of the most used pages, with many numbers, through the whole middleware stack."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.results import Figure
from benchmarks.rows import analyze, big_reseller
from benchmarks.timing import milliseconds
from whatsapp.views.board_rows import forget_rows

NUMBERS = 10_000
AT_A_HINT = {"HX-Request": "true", "HX-Target": "board"}
PAGES = {
    "Board, first 50": "/r/pages/board/",
    "Board, search": "/r/pages/board/?q=Number+77",
    "Home": "/r/pages/",
    "Centers, first 50": "/r/pages/centers/",
    "Alerts": "/r/pages/alerts/",
}


def measure() -> list[Figure]:
    """Median time and SQL queries of each page."""
    _, owner = big_reseller("pages", centers=2_000, numbers=NUMBERS)
    analyze()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(owner)
    figures = [Figure(f"{name}, {NUMBERS:,} numbers", _page(client, path)) for name, path in PAGES.items()]
    board = PAGES["Board, first 50"]
    return [
        *figures,
        Figure("Board fetched again at a hint, nothing changed", _page(client, board, headers=AT_A_HINT)),
        Figure(
            "Board fetched again at a hint, every row changed",
            _page(client, board, headers=AT_A_HINT, before=forget_rows),
        ),
    ]


def _page(
    client: Client,
    path: str,
    headers: dict[str, str] | None = None,
    before: Callable[[], object] = lambda: None,
) -> str:
    def get() -> None:
        before()
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.status_code)

    taken = milliseconds(get)
    with CaptureQueriesContext(connection) as queries:
        get()
    return f"{taken:.0f} ms, {len(queries)} queries"

"""Response times of the most used pages, with many numbers, through the whole middleware stack."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.results import Result
from benchmarks.rows import big_reseller, vacuum
from benchmarks.timing import milliseconds
from whatsapp.views.board_rows import forget_rows

NUMBERS = 10_000
AT_A_HINT = {"HX-Request": "true", "HX-Target": "board"}
BOARD = "/r/pages/board/"
PAGES = {
    "board": ("Board, first 50", BOARD),
    "board.search": ("Board, search", "/r/pages/board/?q=Number+77"),
    "home": ("Home", "/r/pages/"),
    "centers": ("Centers, first 50", "/r/pages/centers/"),
    "alerts": ("Alerts", "/r/pages/alerts/"),
}


def measure() -> list[Result]:
    """Median time and SQL queries of each page."""
    _, owner = big_reseller("pages", centers=2_000, numbers=NUMBERS)
    vacuum()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(owner)
    return [
        *(_page(client, name, what, path) for name, (what, path) in PAGES.items()),
        _page(
            client, "board.same", "Board fetched again at a hint, nothing changed", BOARD, headers=AT_A_HINT
        ),
        _page(
            client,
            "board.changed",
            "Board fetched again at a hint, every row changed",
            BOARD,
            headers=AT_A_HINT,
            before=forget_rows,
        ),
    ]


def _page(
    client: Client,
    name: str,
    what: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    before: Callable[[], object] = lambda: None,
) -> Result:
    def get() -> None:
        before()
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.status_code)

    taken = milliseconds(get)
    with CaptureQueriesContext(connection) as queries:
        get()
    how = f"{what}, {NUMBERS:,} numbers, {len(queries)} queries: median"
    return Result(f"pages.{name}", taken.median, None, "ms", how, spread=taken.spread)

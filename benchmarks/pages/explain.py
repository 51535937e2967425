"""The ten slowest statements of the pages of a reseller with 100,000 numbers, and how PostgreSQL runs them."""

import re
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.pages.flat import PAGES, SEARCHES, Place, places
from benchmarks.results import Result
from whatsapp.views.board_query import ORDERS

#: The pages of a list each, the board in each of its orders, and its searches.
READ = (
    PAGES
    | {f"board.{order}": f"board/?sort={order}" for order in ORDERS}
    | {f"board.search.{name}": f"board/?q={text}" for name, text in SEARCHES.items()}
)
SHOWN, READINGS = 10, 3
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- written by make bench ARGS=explain -->", "<!-- end -->"
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+\b")
_LONGEST = 1200  # characters of a statement that are shown
_WIDTH = 160


@dataclass
class Statement:
    """The fastest of some readings, in milliseconds, and the page that has it."""

    sql: str
    page: str
    taken: float


def measure() -> list[Result]:
    """The time of the slowest; docs/performance.md gets all ten with their plans."""
    _small, big = places()
    found = sorted(_statements(big), key=lambda one: one.taken, reverse=True)[:SHOWN]
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    text = "\n\n".join(_section(place, one) for place, one in enumerate(found, 1))
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}")
    how = f"the slowest statement of {len(READ)} pages at r100, of the page {found[0].page} (docs/performance.md)"
    return [Result("pages.statement", found[0].taken, None, "ms", how)]


def _statements(place: Place) -> list[Statement]:
    """Each statement of each page once, whatever its values."""
    found: dict[str, Statement] = {}
    for page, path in READ.items():
        place.get(path)
        for _ in range(READINGS):
            with CaptureQueriesContext(connection) as queries:
                place.get(path)
            for query in queries.captured_queries:
                shape, taken = _LITERAL.sub("?", query["sql"]), float(query["time"]) * 1000
                if not query["sql"].lstrip().upper().startswith(("SELECT", "WITH")):
                    continue
                known = found.setdefault(shape, Statement(query["sql"], page, taken))
                known.taken = min(known.taken, taken)
    return list(found.values())


def _section(place: int, one: Statement) -> str:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF) " + one.sql.replace("%", "%%"))
        plan = [line[:_WIDTH] for (line,) in cursor.fetchall()]
    sql = re.sub(r"\s+", " ", one.sql).strip()
    shown = sql if len(sql) <= _LONGEST else f"{sql[:_LONGEST]} …"
    return (
        f"### {place}. Page `{one.page}`: {one.taken:.0f} ms\n\n```sql\n{_folded(shown)}\n```\n\n"
        "```text\n" + "\n".join(plan) + "\n```"
    )


def _folded(sql: str) -> str:
    """Lines of a readable length, broken at white space."""
    lines, line = [], ""
    for word in sql.split(" "):
        if line and len(line) + len(word) >= _WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])

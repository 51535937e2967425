"""What the board's page costs beyond what no page can avoid: middleware, session, tenant, and the same SQL raw."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path

from benchmarks.pages.sampling import Parts, shares
from benchmarks.results import Result
from benchmarks.rows import analyze, big_reseller
from benchmarks.timing import interleaved, spread_of_ratio
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from whatsapp.views.board_rows import forget_rows

CENTERS, NUMBERS = 2_000, 10_000
BOARD, FLOOR = "/r/floor/board/", "/r/floor/nothing/"
AT_A_HINT = {"HX-Request": "true", "HX-Target": "board"}
TIMES = 40
SAMPLED = 200  # pages
#: Where its time goes, from the inside: what is in none of the others is what no page can avoid.
PARTS: Parts = (
    ("rows", "rows_html", "whatsapp/views/board_rows.py"),
    ("finding the rows", "keyset", "centers/web/paging.py"),
    ("filters", "filter_bar", "centers/templatetags/filters.py"),
    ("filters", "filter_choice", "centers/templatetags/filters.py"),
    ("filters", "filter_switch", "centers/templatetags/filters.py"),
    ("frame and chips", "render_page", "centers/web/partials.py"),
    ("counts and conditions", "board", "whatsapp/views/board.py"),
    ("session, tenant and middleware", "request", "django/test/client.py"),
)
_statements: list[str] = []


@staff(Permission.VIEW)
def nothing(request: TenantRequest) -> HttpResponse:
    """The statements of the board, and no page."""
    with connection.cursor() as cursor:
        for statement in _statements:
            cursor.execute(statement)
            cursor.fetchall()
    return HttpResponse("")


def _nothing(request: HttpRequest, slug: str) -> HttpResponse:
    answer: HttpResponse = nothing(request, slug=slug)
    return answer


urlpatterns = [path("r/<slug:slug>/nothing/", _nothing), path("", include("config.urls"))]


def measure() -> list[Result]:
    """CPU of the board's page / that of its floor: rows from the cache, at a hint, and every row new."""
    _, owner = big_reseller("floor", centers=CENTERS, numbers=NUMBERS)
    analyze()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(owner)
    with override_settings(ROOT_URLCONF="benchmarks.pages.board"):
        return [
            _ratio(client, "page", "board of 10,000 numbers, 50 rows", 1.6),
            _ratio(client, "hint", "the same fetched at a hint", 1.3, headers=AT_A_HINT),
            _ratio(client, "cold", "the same page, every row rendered again", 2.5, before=forget_rows),
        ]


def _ratio(
    client: Client,
    name: str,
    what: str,
    limit: float,
    *,
    headers: dict[str, str] | None = None,
    before: Callable[[], object] = lambda: None,
) -> Result:
    def get() -> None:
        before()
        assert client.get(BOARD, headers=headers).status_code == 200

    def floor() -> None:
        assert client.get(FLOOR, headers=headers).status_code == 200

    get()
    _statements[:] = []
    own = _queries(floor)
    _statements[:] = [sql for sql in _queries(get) if sql not in own]
    taken = interleaved({"page": get, "floor": floor}, TIMES)
    page, least = taken["page"].cpu, taken["floor"].cpu
    about = f"{what}: CPU / that of middleware, session, tenant and its SQL ({page:.1f} / {least:.1f} ms)"
    where = ", ".join(f"{part} {share:.0%}" for part, share in shares(get, SAMPLED, PARTS) if share >= 0.01)
    about += f"; of the process's part: {where}"
    spread = spread_of_ratio(taken["page"].cpus, taken["floor"].cpus)
    return Result(f"board.{name}", page / least, limit, "times", about, at_most=True, spread=spread)


def _queries(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        call()
    return [query["sql"] for query in seen.captured_queries]

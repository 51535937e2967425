"""Pages of a reseller with 10,000 numbers and of one with 100,000, interleaved: time must not grow with the rows."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from django.test import Client

from benchmarks.pages.large import Large, large_reseller
from benchmarks.results import Result
from benchmarks.timing import interleaved, middle, spread_of_ratio
from centers.tenancy.scoping import tenant
from centers.web.paging import place_of
from whatsapp.views.board_query import DEFAULT_ORDER, ORDERS, Filters, board_rows

TIMES = 15
#: Name of the result and address below the reseller's root; `{center}` and `{number}` are one of its own.
PAGES = {
    "home": "",
    "home.connections": "home/connections/",
    "home.money": "home/money/",
    "home.quota": "home/quota/",
    "home.jobs": "home/jobs/",
    "centers": "centers/",
    "centers.search": "centers/?q=Center+0007",
    "center": "centers/{center}/",
    "center.usage": "centers/{center}/usage/",
    "number": "instances/{number}/",
    "number.usage": "instances/{number}/usage/",
    "prices": "prices/",
    "usage": "usage/",
    "usage.months": "usage/?by=month",
    "unpaid": "unpaid/",
    "aging": "unpaid/aging/",
    "profit": "usage/profit/",
    "reconciliation": "usage/reconciliation/",
    "invoices": "invoices/",
    "payments": "payments/",
    "audit": "audit/",
    "alerts": "alerts/",
    "uptime": "uptime/",
    "search": "search/?q=umber+777",
}
SEARCHES = {"name": "Number+777", "id": "{slug}-00077", "phone": "+96650007", "contact": "Person+777"}
KILOBYTE = 1000


@dataclass
class Place:
    """A reseller and a browser of its owner."""

    large: Large
    client: Client

    def get(self, path: str) -> bytes:
        """The answer of an address below the reseller's root."""
        large = self.large
        address = large.root + path.format(center=large.center, number=large.number, slug=large.reseller.slug)
        answer = self.client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        return answer.content


def measure() -> list[Result]:
    """The ratio of the larger to the smaller reseller for each, and the larger one's time and size."""
    small, big = places()
    return [*_pages(small, big), *_board(small, big), *_searches(big)]


def places() -> tuple[Place, Place]:
    """r10 and r100; tenths of both in a quick run."""
    share = 10 if os.environ.get("BENCH_QUICK") else 1
    return _place("r10", 2_000 // share, 10_000 // share), _place("r100", 20_000 // share, 100_000 // share)


def _place(slug: str, centers: int, numbers: int) -> Place:
    large = large_reseller(slug, centers, numbers)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(large.owner)
    return Place(large, client)


def _pages(small: Place, big: Place) -> Iterator[Result]:
    """The worst page by ratio, time and size, with those beyond each limit; all are printed."""
    ratios, times, sizes, spreads = {}, {}, {}, {}
    for name, path in PAGES.items():
        taken = interleaved({"small": partial(small.get, path), "big": partial(big.get, path)}, TIMES)
        times[name] = taken["big"].wall
        ratios[name] = taken["big"].wall / taken["small"].wall
        apart = spread_of_ratio(taken["big"].walls, taken["small"].walls)
        spreads[name] = apart, middle(taken["big"].walls).spread
        sizes[name] = len(big.get(path)) / KILOBYTE
        print(f"  {name}: {ratios[name]:.2f} times, {times[name]:.0f} ms, {sizes[name]:.0f} KB", flush=True)
    ratio = _worst("pages.flat", ratios, 1.5, "times", "wall time of pages at r100 / r10")
    yield replace(ratio, spread=spreads[max(ratios, key=ratios.__getitem__)][0])
    slowest = _worst("pages.flat.time", times, 300, "ms", "pages at r100")
    yield replace(slowest, spread=spreads[max(times, key=times.__getitem__)][1])
    yield _worst("pages.flat.size", sizes, 150, "KB", "pages at r100, uncompressed")


def _worst(name: str, figures: dict[str, float], limit: float, unit: str, what: str) -> Result:
    worst = max(figures, key=lambda page: figures[page])
    over = [f"{page} {figure:.3g}" for page, figure in figures.items() if figure > limit]
    about = f"{what}, the worst of {len(figures)}: {worst}"
    about += f" (beyond the limit: {', '.join(over)})" if over else ""
    return Result(name, figures[worst], limit, unit, about, at_most=True)


def _board(small: Place, big: Place) -> Iterator[Result]:
    """The first page, one in the middle, and the worst of all orders."""
    yield _flat("first", small, big, ("board/", "board/"), 1.15)
    yield _flat("middle", small, big, (_middle(small, DEFAULT_ORDER), _middle(big, DEFAULT_ORDER)), 1.15)
    worst = max(
        (
            _flat(order, small, big, (f"board/?sort={order}", f"board/?sort={order}"), 1.3)
            for name in ORDERS
            for order in (name, f"-{name}")
        ),
        key=lambda result: result.value,
    )
    yield replace(worst, name="board.flat.worst")
    deep = [
        _flat(f"{name}.middle", small, big, (_middle(small, name), _middle(big, name)), 1.3)
        for name in ORDERS
    ]
    worst = max(deep, key=lambda result: result.value)
    yield replace(worst, name="board.flat.worst_middle")


def _flat(name: str, small: Place, big: Place, paths: tuple[str, str], limit: float) -> Result:
    taken = interleaved({"small": partial(small.get, paths[0]), "big": partial(big.get, paths[1])}, TIMES)
    ratio = taken["big"].cpu / taken["small"].cpu
    about = f"board, {name}: CPU at r100 / r10 ({taken['big'].cpu:.1f} / {taken['small'].cpu:.1f} ms)"
    spread = spread_of_ratio(taken["big"].cpus, taken["small"].cpus)
    return Result(f"board.flat.{name}", ratio, limit, "times", about, at_most=True, spread=spread)


def _searches(big: Place) -> Iterator[Result]:
    calls: dict[str, Callable[[], object]] = {"": partial(big.get, "board/")}
    calls |= {name: partial(big.get, f"board/?q={text}") for name, text in SEARCHES.items()}
    taken = interleaved(calls, TIMES)
    for name in SEARCHES:
        ratio = taken[name].cpu / taken[""].cpu
        about = f"board of r100 searched by {name} / not searched, CPU ({taken[name].cpu:.1f} / {taken[''].cpu:.1f} ms)"
        spread = spread_of_ratio(taken[name].cpus, taken[""].cpus)
        yield Result(f"board.search.{name}", ratio, 1.2, "times", about, at_most=True, spread=spread)


def _middle(place: Place, sort: str) -> str:
    """The address of the page that begins in the middle of the board."""
    reseller = place.large.reseller
    with tenant(reseller):
        rows = board_rows(Filters(), reseller).order_by(*ORDERS[sort])
        row = rows[rows.count() // 2]
    return f"board/?sort={sort}&after={place_of(row, sort, ORDERS[sort])}"

"""Pages that update automatically: within about a second, through an outage, and where streams are blocked."""

import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Request, expect

from centers.values.formats import ago_text
from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.visitors import BY_A_WORKER, Visitors, stay, stayed

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

NUMBERS = [Number(f"LV-{n}", "Live Center", f"Line {n}") for n in range(1, 7)]
WATCH = """(id) => {
  const rows = () => Array.from(document.querySelectorAll("#board tbody tr"));
  const down = () => rows().some((row) => row.textContent.includes(id) && row.textContent.includes("Disconnected"));
  window.seen = window.seen || {};
  new MutationObserver(() => { if (!window.seen[id] && down()) window.seen[id] = Date.now(); })
    .observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}"""

AGO = [
    timedelta(**length)
    for length in (
        {"minutes": 1.4}, {"hours": 1.9}, {"days": 1.9}, {"days": 10}, {"days": 13.9}, {"days": 20}, {"days": 59},
        {"days": 364}, {"days": 700}, {"days": -10.5},
    )
]  # fmt: skip
ADD_TIME = """(seconds) => {
  const time = document.createElement("time");
  Object.assign(time, { className: "added", dateTime: new Date(Date.now() - seconds * 1000).toISOString() });
  time.dataset.ago = "";
  document.body.dataset.clockAhead = "0";
  document.body.append(time);
}"""

LISTEN = """() => {
  window.heard = 0;
  if (!window.listens) document.addEventListener("live", () => { window.heard += 1; });
  window.listens = true;
}"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture(scope="module")
def lively(stack: Stack) -> Tenant:
    """A reseller with six connected numbers."""
    tenant = new_tenant(stack, "lively")
    tenant.import_numbers(NUMBERS)
    connected = "SELECT count(*) FROM whatsapp_instance WHERE reseller_id = {} AND connection = 'connected'"
    wait_for(lambda: tenant.value(connected) == 6, "the first check of every number")
    return tenant


def test_a_fact_reaches_another_browser_within_about_a_second(lively: Tenant, visit: Visitors) -> None:
    here, there = board(visit, lively), board(visit, lively)
    delays = [delay(lively, here, there, instance_id) for instance_id in ("LV-1", "LV-2", "LV-3")]
    assert median(delays) < 1.5, delays
    assert stayed(there)


def test_reconnecting_is_said_and_what_was_missed_is_caught_up(
    lively: Tenant, visit: Visitors, stack: Stack
) -> None:
    page = board(visit, lively)
    stack.kill("web")
    expect(page.locator("#live-pill")).to_contain_text("Reconnecting…", timeout=BY_A_WORKER)
    lively.control.logout_phone("LV-4")
    stack.move_by(minutes=3)
    wait_for(lambda: connection(lively, "LV-4") == "disconnected", "the sweep without a web process")
    expect(row_text(page, "LV-4")).to_contain_text("Connected")
    stack.start_process("web")
    expect(row_text(page, "LV-4")).to_contain_text("Disconnected", timeout=BY_A_WORKER)
    expect(page.locator("#live-pill")).to_have_text("")
    assert stayed(page)
    away = ("net::ERR_", "htmx:sendError")
    unexpected = [problem for problem in visit.problems if not any(word in problem for word in away)]
    assert unexpected == []
    visit.problems.clear()  # the rest reports that the server was unavailable, as it was


def test_where_streams_are_blocked_the_page_asks(lively: Tenant, visit: Visitors) -> None:
    page = visit(lively.owner)
    answers: list[int] = []
    page.on("response", lambda got: answers.append(got.status) if "/live/stamp" in got.url else None)
    page.context.route("**/live/?t=*", lambda route: route.abort())
    page.clock.install()
    page.goto(lively.url("board/"))
    stay(page)
    page.clock.fast_forward(3_000)
    wait_for(lambda: page.wait_for_timeout(100) or 204 in answers, "an answer that nothing changed")
    assert answers[-1] == 204
    lively.control.logout_phone("LV-5")
    lively.stack.move_by(minutes=3)
    wait_for(lambda: connection(lively, "LV-5") == "disconnected", "the sweep")
    page.clock.fast_forward(15_000)
    wait_for(lambda: page.wait_for_timeout(100) or 200 in answers, "an answer that something changed")
    page.clock.fast_forward(500)
    expect(row_text(page, "LV-5")).to_contain_text("Disconnected", timeout=BY_A_WORKER)
    assert stayed(page)
    assert all("/live/" in problem for problem in visit.problems)
    visit.problems.clear()  # the blocked streams


def test_times_in_words_go_on_as_the_server_writes_them(lively: Tenant, visit: Visitors) -> None:
    """In whole units: the page rounds nothing up either."""
    page = visit(lively.owner)
    page.clock.install()
    page.goto(lively.url("board/"))
    for ago in AGO:
        page.evaluate(ADD_TIME, ago.total_seconds())
    page.clock.fast_forward(30_000)
    shown = page.locator("time.added").all_inner_texts()
    now = datetime.now(UTC)
    assert shown == [ago_text(now - ago, now) for ago in AGO]
    assert {"10 days ago", "2 weeks ago"} < set(shown)


class Streams:
    """The live streams that the pages of one browser have open."""

    def __init__(self, context: BrowserContext) -> None:
        self._open: list[Request] = []
        context.on("request", lambda request: self._open.append(request) if self._is_one(request) else None)
        context.on("requestfailed", self._over)
        context.on("requestfinished", self._over)

    def settled(self, tenants: int) -> bool:
        """Whether there is a single one, for so many tenants."""
        return [request.url.count("t=") for request in self._now()] == [tenants]

    def page(self) -> Page:
        """The page that holds it."""
        (request,) = self._now()
        return request.frame.page

    def _now(self) -> list[Request]:
        return [request for request in self._open if not request.frame.page.is_closed()]

    def _over(self, request: Request) -> None:
        if request in self._open:
            self._open.remove(request)

    @staticmethod
    def _is_one(request: Request) -> bool:
        return "/live/?t=" in request.url


def everyone_hears(pages: list[Page], tenants: list[Tenant]) -> bool:
    """Send each tenant a hint; fails unless each page receives it."""
    for page in pages:
        page.evaluate(LISTEN)
    tenants[0].shell(f"hint({[tenant.slug for tenant in tenants]!r}, 'instances')")
    for page in pages:
        until(page, "() => window.heard > 0")
    return True


def test_without_web_locks_pages_share_one_stream_as_well(lively: Tenant, visit: Visitors) -> None:
    first = visit(lively.owner)
    first.context.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });"
    )
    streams = Streams(first.context)
    pages = [first, first.context.new_page(), first.context.new_page()]
    for page in pages:
        page.goto(lively.url("board/"), timeout=BY_A_WORKER)
    wait_for(lambda: first.wait_for_timeout(100) or streams.settled(1), "one stream", 15)
    assert everyone_hears(pages, [lively])
    leader = streams.page()
    leader.close()
    pages.remove(leader)
    wait_for(lambda: pages[0].wait_for_timeout(100) or streams.settled(1), "the stream of another page", 15)
    assert everyone_hears(pages, [lively])


def test_a_browser_that_shows_no_page_holds_no_stream(lively: Tenant, visit: Visitors) -> None:
    page = visit(lively.owner)
    streams = Streams(page.context)
    page.goto(lively.url("board/"))
    wait_for(lambda: page.wait_for_timeout(100) or streams.settled(1), "its stream", 15)
    page.evaluate(HIDE, True)
    wait_for(lambda: page.wait_for_timeout(100) or streams.settled(1) is False, "its end", 5)
    page.evaluate(HIDE, False)
    wait_for(lambda: page.wait_for_timeout(100) or streams.settled(1), "its stream again", 15)


@pytest.mark.timeout(240)
def test_ten_pages_of_five_resellers_in_one_browser_share_one_stream(
    lively: Tenant, visit: Visitors, stack: Stack
) -> None:
    others = [Tenant(stack, f"tabs{n}", stack.sandbox_url) for n in range(1, 5)]
    lively.shell(f"own_more({lively.owner!r}, {[tenant.slug for tenant in others]!r})")
    first = visit(lively.owner)
    streams = Streams(first.context)
    pages = [first, *(first.context.new_page() for _ in range(9))]
    for page, tenant in zip(pages, [lively, *others] * 2, strict=True):
        page.goto(tenant.url("board/"), timeout=BY_A_WORKER)
        stay(page)
    wait_for(lambda: page.wait_for_timeout(100) or streams.settled(5), "one stream for five resellers", 15)
    assert everyone_hears(pages, [lively, *others])
    # The leading page closes; another takes over, and each page still gets its hints.
    leader = streams.page()
    leader.close()
    pages.remove(leader)
    wait_for(lambda: pages[0].wait_for_timeout(100) or streams.settled(5), "the stream of another page", 15)
    assert streams.page() in pages
    assert everyone_hears(pages, [lively, *others])
    assert all(stayed(page) for page in pages)


def board(visit: Visitors, tenant: Tenant) -> Page:
    """The board, open, with its stream running."""
    page = visit(tenant.owner)
    with page.expect_response(lambda answer: "/live/?t=" in answer.url):
        page.goto(tenant.url("board/"))
    stay(page)
    return page


def delay(tenant: Tenant, here: Page, there: Page, instance_id: str) -> float:
    """Seconds from the row in the database to the row on the other screen."""
    there.evaluate(WATCH, instance_id)
    tenant.control.logout_phone(instance_id)
    here.get_by_role("button", name=f"Check {label(instance_id)} now").click()
    wait_for(lambda: connection(tenant, instance_id) == "disconnected", "the check", 15, every=0.01)
    fact = time.time()
    return float(until(there, "id => window.seen[id]", instance_id)) / 1000 - fact


def until(page: Page, expression: str, argument: str | None = None) -> Any:
    """The value once it is true. Playwright's wait_for_function evaluates inside the page, which its policy forbids."""
    return wait_for(lambda: page.evaluate(expression, argument), expression, 60, every=0.05)


def label(instance_id: str) -> str:
    """The name of a number on the pages."""
    return next(number.label for number in NUMBERS if number.instance_id == instance_id)


def connection(tenant: Tenant, instance_id: str) -> str:
    """The database's state of a number."""
    query = "SELECT connection FROM whatsapp_instance WHERE reseller_id = {} AND instance_id = %s"
    return str(tenant.value(query, instance_id))


def row_text(page: Page, instance_id: str) -> Locator:
    """A number's row on the board."""
    return page.locator("#board tbody tr").filter(has_text=instance_id)

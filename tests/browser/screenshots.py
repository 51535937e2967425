"""Renews the pictures of docs/screenshots: of pages from a running demo, of messages by the test of a night.

`make pictures` takes both. `python -m tests.browser.screenshots http://127.0.0.1:8000 [board]` takes the pages whose
names begin so. A test keeps pictures of what it sees by `keep`, in the folder that MARKAZ_PICTURES names; with a
folder instead of an address those become the documentation's.
"""

import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from devstack import demo_accounts
from devstack.demo_data.sandbox import USUAL_LIMIT
from tests.browser.chromium import chromium_path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
DEMO_SECONDS = 300
DESKTOP, PHONE = (1360, 860), (390, 844)


@dataclass(frozen=True)
class Shot:
    """One picture: which person, page and settings."""

    name: str
    path: str
    who: str = demo_accounts.OWNER.email
    scheme: str = "light"
    language: str = "en"
    size: tuple[int, int] = DESKTOP


def both(name: str, path: str) -> tuple[Shot, Shot]:
    """The page in English, and in Arabic as `<name>-arabic`."""
    return Shot(name, path), Shot(f"{name}-arabic", path, language="ar")


#: The names that the pictures of tests/browser/push/test_night.py have in the documentation.
SEEN = {
    name: name.replace("-admin", "-arabic")
    for name in (
        *("down-mail", "down-mail-admin", "down-push", "down-whatsapp", "pair", "pair-code", "pair-done"),
        *("back-mail", "back-mail-admin", "back-push", "storm-mail", "storm-push", "whatsapp"),
    )
}
CENTER = demo_accounts.CENTER.email
SHOTS = (
    Shot("home", "/r/rimal/"),
    Shot("board", "/r/rimal/board/"),
    Shot("board-dark", "/r/rimal/board/", scheme="dark"),
    Shot("board-arabic", "/r/rimal/board/", language="ar"),
    Shot("board-phone", "/r/rimal/board/", size=PHONE),
    Shot("center", "/r/rimal/centers/1/"),
    *both("number", "/r/rimal/instances/1/?last=30d"),
    Shot("alerts", "/r/rimal/alerts/"),
    *both("uptime", "/r/rimal/uptime/"),
    Shot("prices", "/r/rimal/prices/"),
    Shot("usage-dark", "/r/rimal/usage/", scheme="dark"),
    Shot("invoices", "/r/rimal/invoices/", demo_accounts.BILLING.email),
    Shot("unpaid", "/r/rimal/unpaid/", demo_accounts.BILLING.email),
    Shot("unpaid-arabic-dark", "/r/rimal/unpaid/", scheme="dark", language="ar"),
    Shot("payments", "/r/rimal/payments/", demo_accounts.BILLING.email),
    Shot("jobs", "/r/rimal/jobs/", demo_accounts.SUPPORT.email),
    Shot("settings", "/r/rimal/settings/mazbot/"),
    Shot("portal-phone", "/c/1/", CENTER, size=PHONE),
    Shot("portal-phone-arabic", "/c/1/", CENTER, language="ar", size=PHONE),
    *both("notifications/reach", "/r/rimal/me/notifications/"),
    Shot("notifications/group", "/r/rimal/me/notifications/numbers/"),
    *both("notifications/settings", "/r/rimal/settings/notifications/"),
    Shot("notifications/text", "/r/rimal/settings/texts/alert.disconnected.center.open/en/"),
    Shot("notifications/email", "/r/rimal/settings/email/"),
    Shot("notifications/log", "/r/rimal/notifications/"),
    Shot("notifications/portal-reach-arabic", "/c/1/me/notifications/", CENTER, language="ar", size=PHONE),
    Shot("portal-invoices-arabic-dark", "/c/1/invoices/", CENTER, scheme="dark", language="ar", size=PHONE),
)


def keep(name: str, page: Page, part: str = "") -> None:
    """Keep a picture of a page, or of a part of it, as `seen-<name>.png`; none without MARKAZ_PICTURES."""
    if folder := os.environ.get("MARKAZ_PICTURES"):
        path = Path(folder) / f"seen-{name}.png"
        page.locator(part).screenshot(path=path) if part else page.screenshot(path=path, full_page=True)
        shrink(path)


def main(base: str, begin: str = "") -> None:
    """Take the pictures whose names begin so; a page that does not answer 200 ends the run."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        until_complete(browser, base)
        for shot in [one for one in SHOTS if one.name.startswith(begin)]:
            take(browser, base, shot)
            print(shot.name)  # noqa: T201
        if not begin:
            pairing(browser, base)
        browser.close()


def until_complete(browser: Browser, base: str) -> None:
    """Wait until the demo is filled: its last step gives the account its usual request limit."""
    page = signed_in(browser, base, Shot("settings", "/r/rimal/settings/mazbot/"))
    limit = page.locator("input[name=rate_limit]")
    deadline = time.monotonic() + DEMO_SECONDS
    while page.goto(f"{base}/r/rimal/settings/mazbot/") and limit.input_value() != str(USUAL_LIMIT):
        assert time.monotonic() < deadline, f"the demo was not complete within {DEMO_SECONDS} s"
        page.wait_for_timeout(1000)
    page.context.close()


def take_over(folder: Path) -> None:
    """Copy what the test of a night kept to the documentation."""
    for name, shown in SEEN.items():
        shutil.copyfile(folder / f"seen-{name}.png", FOLDER / "notifications" / f"{shown}.png")


def take(browser: Browser, base: str, shot: Shot) -> None:
    """Sign in as the person, open the page, wait until it is idle, save the picture."""
    page = signed_in(browser, base, shot)
    answer = page.goto(base + shot.path)
    assert answer is not None, shot
    assert answer.status == 200, shot
    page.wait_for_load_state("load")
    expect(page.locator(".part-loading")).to_have_count(0, timeout=30_000)
    page.wait_for_timeout(1500)
    path = FOLDER / f"{shot.name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    shrink(path)
    page.context.close()


def shrink(path: Path) -> None:
    """A picture of a page needs few colors: a third of the bytes."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(192, dither=Image.Dither.NONE).save(path, optimize=True)


def pairing(browser: Browser, base: str) -> None:
    """The code on a phone, in Arabic, for the first number that is down."""
    shot = Shot("pairing-phone-arabic", "/r/rimal/", language="ar", size=PHONE)
    page = signed_in(browser, base, shot)
    page.goto(base + "/r/rimal/board/?connection=disconnected")
    page.goto(base + str(page.locator("a[href$='/pair/']").first.get_attribute("href")))
    page.locator("form[action$='/pair/start/'] button, button[hx-post$='/pair/start/']").first.click()
    page.locator("img[src*='/pair/image']").wait_for(timeout=15_000)
    page.wait_for_timeout(800)
    page.screenshot(path=FOLDER / f"{shot.name}.png")
    shrink(FOLDER / f"{shot.name}.png")
    page.context.close()


def signed_in(browser: Browser, base: str, shot: Shot) -> Page:
    """A page of a fresh browser with the shot's language, scheme and size, signed in."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=shot.scheme,  # type: ignore[arg-type]
        locale=shot.language,
    )
    context.add_cookies([{"name": "django_language", "value": shot.language, "url": base}])
    page = context.new_page()
    page.goto(base + "/accounts/login/")
    page.fill("input[name=login]", shot.who)
    page.fill("input[name=password]", demo_accounts.PASSWORD)
    page.locator("form:has(input[name=login]) button[type=submit]").click()
    page.wait_for_url(lambda url: "/accounts/" not in url)
    return page


if __name__ == "__main__":
    if Path(sys.argv[1]).is_dir():
        take_over(Path(sys.argv[1]))
    else:
        main(sys.argv[1].rstrip("/"), *sys.argv[2:3])

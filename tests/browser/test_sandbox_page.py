"""The sandbox's control page in a browser: what a person clicks happens to the numbers."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from devstack.sandbox import DEMO_ACCOUNT, NewInstance, SandboxServer

pytestmark = pytest.mark.browser


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        server.control.add_instances(
            [
                NewInstance("demo-key", f"num-{n}", "connected", str(n % 6 + 1), 200, date(2026, 1, 1))
                for n in range(55)
            ]
        )
        server.control.logout_phone("num-7")
        yield server


@pytest.fixture
def control_page(page: Page, sandbox: SandboxServer) -> Iterator[Page]:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{sandbox.url}/control")
    yield page
    assert problems == []


def _post(sandbox: SandboxServer, path: str, **fields: str) -> Any:
    headers = {"apikey": "demo-key"}
    login = {"email": DEMO_ACCOUNT["email"], "password": DEMO_ACCOUNT["password"]}
    token = requests.post(f"{sandbox.api_base}/login", data=login, headers=headers, timeout=5).json()["data"][
        "token"
    ]
    headers["Authorization"] = f"Bearer {token}"
    return requests.post(sandbox.api_base + path, data=fields, headers=headers, timeout=5).json()


def _row(page: Page, instance_id: str) -> Any:
    return page.locator("#piece-instances tr").filter(
        has=page.get_by_role("button", name=instance_id, exact=True)
    )


def test_filter_scan_log_out_and_expire(control_page: Page, sandbox: SandboxServer) -> None:
    expect(control_page.locator("#shown")).to_have_text("55 of 55")
    control_page.get_by_label("Filter").fill("disconnected")
    expect(control_page.locator("#shown")).to_have_text("1 of 55")
    control_page.get_by_label("Filter").fill("num-7")
    assert _post(sandbox, "/whatsapp/connect", instance_id="num-7")["success"] is True
    row = _row(control_page, "num-7")
    expect(
        row.get_by_role("img", name="Pairing code of num-7")
    ).to_be_visible()  # automatically, within two seconds
    row.get_by_role("button", name="Scan as the phone").click()
    expect(row.locator(".badge").first).to_have_text("connected")
    row.get_by_role("button", name="Log out").click()
    expect(row.locator(".badge").first).to_have_text("disconnected")
    row = _row(control_page, "num-8")
    control_page.get_by_label("Filter").fill("num-8")
    row.get_by_role("button", name="Expire").click()
    expect(row.locator(".badge").first).to_have_text("expired")


def test_faults_usage_rates_and_clock(control_page: Page, sandbox: SandboxServer) -> None:
    control_page.get_by_text("Any other fault").click()
    form = control_page.locator("form[data-verb=set_fault]")
    form.get_by_label("Call").select_option("toggle")
    form.get_by_label("Fault").select_option("500")
    form.locator("[name=times]").fill("2")
    form.get_by_role("button", name="Start the fault").click()
    expect(control_page.locator("#piece-faults")).to_contain_text("2 more")
    assert _post(sandbox, "/instance/toggle", instance_id="num-1", action="disable")["success"] is False
    control_page.get_by_role("button", name="Clear all faults").click()
    expect(control_page.locator("#piece-faults")).to_contain_text("every call answers well")

    before = sandbox.control.state()["instances"][3]["today"]
    _row(control_page, "num-3").get_by_role("button", name="num-3").click()
    usage = control_page.locator("form[data-verb=add_usage]")
    expect(usage.get_by_label("Number")).to_have_value("num-3")
    usage.get_by_label("Sent").fill("100000")
    usage.get_by_label("Cost").fill("12.5000")
    usage.get_by_role("button", name="Add").click()
    expect(control_page.get_by_role("status")).to_have_text("Done: add usage (num-3).")
    assert sandbox.control.state()["instances"][3]["today"]["sent"] >= before["sent"] + 100_000

    control_page.locator("summary", has_text="Set a rate from now on").click()
    rate = control_page.locator("form[data-verb=set_rate]")
    rate.get_by_label("Country").select_option("1")
    rate.get_by_label("Cost").fill("0.0999")
    rate.get_by_role("button", name="Set").click()
    expect(control_page.locator("#piece-rates")).to_contain_text("0.0999 USD")
    control_page.get_by_role("button", name="+1 day").click()
    expect(control_page.locator("#piece-clock")).to_contain_text("+1 d 00:00:00")
    assert sandbox.control.state()["clock_offset"] == 86_400


@pytest.mark.parametrize("hour", [3, 23])
def test_a_chosen_number_brings_the_day_of_its_account(
    control_page: Page, sandbox: SandboxServer, hour: int
) -> None:
    now = datetime.fromisoformat(sandbox.control.state()["now"])
    sandbox.control.advance_clock((hour - now.hour) % 24 * 3600)
    control_page.reload()
    _row(control_page, "num-3").get_by_role("button", name="num-3").click()
    [account] = [one for one in sandbox.control.state()["accounts"] if one["api_key"] == "demo-key"]
    there = datetime.fromisoformat(sandbox.control.state()["now"]).astimezone(ZoneInfo(account["time_zone"]))
    expect(control_page.locator("form[data-verb=add_usage] [name=day]")).to_have_value(
        there.date().isoformat()
    )


def test_a_refusal_is_shown_as_a_sentence(page: Page, sandbox: SandboxServer) -> None:
    page.goto(f"{sandbox.url}/control")
    form = page.locator("form[data-verb=send_incoming]")
    form.get_by_label("Number").fill("num-1")
    form.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text(
        "num-1 has no webhook address; set one with call 7 first."
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_it(control_page: Page, scheme: Any) -> None:
    control_page.emulate_media(color_scheme=scheme)
    found = Axe().run(control_page).response["violations"]
    assert [(item["id"], item["nodes"][0]["html"]) for item in found] == []


def test_it_fits_a_phone(page: Page, sandbox: SandboxServer) -> None:
    page.set_viewport_size({"width": 375, "height": 700})
    page.goto(f"{sandbox.url}/control")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375

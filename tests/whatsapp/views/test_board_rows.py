"""Rows that are rendered once: never old, never another person's, and with times that go on."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory
from tests.whatsapp.views.conftest import House
from whatsapp.models import Instance
from whatsapp.views import board_rows
from whatsapp.views.board_rows import forget_rows

NOW = timezone.now().replace(microsecond=0)


@pytest.fixture(autouse=True)
def _rows_of_no_other_test() -> None:
    forget_rows()


def _rows(house: House, person: str = "owner", query: str = "") -> str:
    page = house.as_(getattr(house, person)).get(house.url(f"board/{query}")).content.decode()
    return "".join(re.findall(r"<tr id=.*?</tr>", page, re.DOTALL))


def _times_apart(html: str) -> str:
    return re.sub(r"<time .*?</time>", "", html)


def _change(house: House, *, of_center: bool = False, **fields: Any) -> None:
    with tenant(house.reseller):
        if of_center:
            Center.objects.filter(pk=house.center.pk).update(**fields)
        else:
            Instance.objects.filter(pk=house.number.pk).update(**fields)


@pytest.mark.parametrize(
    "change",
    [
        {"label": "Front desk"},
        {"instance_id": "MZB-2"},
        {"connection": "connected"},
        {"connection": "unknown", "raw_status": "syncing"},
        {"connection_since": NOW},
        {"last_seen": NOW},
        {"checked_at": NOW},
        {"check_error": "timeout", "check_failed_at": NOW},
        {"service": "disabled"},
        {"desired_state": "disabled"},
        {"desired_state": "disabled", "desired_reason": "non_payment"},
        {"desired_state": "disabled", "switch_attempts": 5, "switch_error": "MazBot is away."},
        {"desired_state": "disabled", "desired_at": NOW},
        {"of_center": True, "name": "Al Noor Hospital"},
        {"of_center": True, "payment_status": "overdue"},
    ],
    ids="-".join,
)
def test_whatever_a_row_shows_is_seen_at_once(house: House, change: dict[str, Any]) -> None:
    before = _rows(house)
    _change(house, **change)
    after = _rows(house)
    forget_rows()
    assert after == _rows(house)
    assert after != before


def test_a_number_that_moves_is_seen_at_its_new_center(house: House) -> None:
    assert "Al Noor Clinic" in _rows(house)
    _change(house, center=CenterFactory(reseller=house.reseller, name="Zebra"))
    assert "Zebra" in _rows(house)
    assert "Al Noor Clinic" not in _rows(house)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that rows are rendered with, as they are."""
    found: list[str] = []
    render = board_rows.render_to_string
    monkeypatch.setattr(
        board_rows, "render_to_string", lambda *given: found.append(given[0]) or render(*given)
    )
    return found


def test_a_row_that_did_not_change_is_rendered_once_and_its_times_go_on(
    house: House, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _change(house, last_seen=NOW, checked_at=NOW)
    for minutes in (1, 5, 90):
        monkeypatch.setattr("centers.clock.now", lambda ahead=minutes: NOW + timedelta(minutes=ahead))
        page = _rows(house)
        said = {1: "1 minute ago", 5: "5 minutes ago", 90: "1 hour ago"}[minutes]
        assert page.count(said) == 2
        _change(house, checked_at=NOW)
    assert len(rendered) == 1


def test_rows_that_look_alike_are_rendered_once_and_each_has_its_own_texts(
    house: House, rendered: list[str]
) -> None:
    with tenant(house.reseller):
        other = InstanceFactory(
            center=CenterFactory(reseller=house.reseller, name="<Zebra> & Sons"),
            label='"Front"',
            instance_id="MZB-7",
        )
    rows = _rows(house)
    assert len(rendered) == 1
    own = rows[rows.index(f'id="number-{other.pk}"') :]
    for text in ("&lt;Zebra&gt; &amp; Sons", "Check &quot;Front&quot; now", 'data-copy="MZB-7"'):
        assert text in own
    for path in (f"instances/{other.pk}/check/", f"centers/{other.center_id}/"):
        assert path in own
    assert f'id="number-{house.number.pk}"' in rows


def test_roles_and_languages_have_rows_of_their_own(house: House) -> None:
    _change(house, connection="disconnected")
    pairs = f"instances/{house.number.pk}/pair/"
    assert pairs in _rows(house, "support")
    assert pairs not in _rows(house, "billing")
    for language in ("ar", "en"):
        house.as_(house.support).cookies[settings.LANGUAGE_COOKIE_NAME] = language
        with translation.override(language):
            assert translation.gettext("Disconnected") in _rows(house, "support")


def test_an_exact_time_is_in_the_resellers_zone(house: House) -> None:
    _change(house, last_seen=NOW)
    before = _rows(house)
    Reseller.objects.update(time_zone="Pacific/Kiritimati")
    house.reseller.refresh_from_db()
    after = _rows(house)
    assert _times_apart(before) == _times_apart(after)
    assert before != after


def test_a_label_cannot_stand_in_for_a_time(house: House) -> None:
    """The marks that keep a place for a time are control characters, which no label holds."""
    with pytest.raises(IntegrityError), transaction.atomic():
        _change(house, label="\x02:last_seen\x03", last_seen=None)
    _change(house, label=":last_seen<b>", last_seen=None)
    rows = _rows(house)
    assert ":last_seen&lt;b&gt;" in rows
    assert "never seen" in rows


def test_one_form_checks_every_number_also_without_scripts(house: House) -> None:
    InstanceFactory(center=house.center, label="Second")
    page = house.as_(house.support).get(house.url("board/")).content.decode()
    assert page.count('id="check-now"') == 1
    addresses = re.findall(r'form="check-now"\s+formaction="([^"]+)"', page)
    assert len(addresses) == 2
    assert house.as_(house.support).post(addresses[0]).status_code == 302


def test_kept_rows_are_bounded() -> None:
    assert board_rows._pattern.cache_info().maxsize == board_rows.KEPT

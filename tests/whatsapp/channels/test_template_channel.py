"""WhatsApp messages from the reseller's account: which template carries them, and what each refusal means."""

import threading
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection

from centers import clock, live
from centers.models import Role
from centers.notifications.message import Action, Channel, ChannelError, Message
from centers.tenancy.scoping import tenant
from tests.factories import member
from tests.whatsapp.conftest import Place
from whatsapp.accounts import client_for
from whatsapp.channels.filling import filled
from whatsapp.channels.template_channel import TemplateChannel
from whatsapp.channels.template_settings import save_template, template_for
from whatsapp.mazbot import Lane, RequestBudget, budget_usage
from whatsapp.models import MazbotAccount, TemplateSetting

PHONE = "+218912345678"
CHANNEL: Channel = TemplateChannel()


def message_for(place: Place, **changed: object) -> Message:
    message = Message(
        key="alert:1:opened:whatsapp:u1",
        kind="number_down",
        language="en",
        subject="Reception is disconnected",
        text="It can't send messages.\n\nPair it again\twith the link.",
        actions=(Action("Pair now", "https://markaz.example/p/abc"), Action("Snooze", "https://x.example/s")),
        sender="Madar",
        reseller_id=place.reseller.pk,
    )
    return replace(message, **changed)  # type: ignore[arg-type]


def template(place: Place, body: str = "{{1}}\n{{2}}\n{{3}} - {{4}}", **changed: object) -> TemplateSetting:
    fields: dict[str, object] = {
        "kind": "",
        "language": "en",
        "template_id": "notice",
        "variables": ["subject", "text", "link", "sender"],
        **changed,
    }
    place.control.add_template(place.api_key, str(fields["template_id"]), body)
    by = member(place.reseller, Role.OWNER)
    return save_template(reseller=place.reseller, by=by, now=clock.now(), **fields)  # type: ignore[arg-type]


def refusal(place: Place, **changed: object) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        CHANNEL.send(message_for(place, **changed), PHONE)
    return caught.value


def arrived(place: Place) -> list[str]:
    return [one.text for one in place.control.messages() if one.account_key == place.api_key]


def test_a_message_fills_the_template_and_arrives(place: Place) -> None:
    template(place)
    accepted = CHANNEL.send(message_for(place), PHONE)
    (sent,) = [one for one in place.control.messages() if one.account_key == place.api_key]
    assert (accepted.provider_id, sent.mobile) == (sent.message_id, "218912345678")
    assert sent.text == (
        "Reception is disconnected\nIt can't send messages. Pair it again with the link.\n"
        "https://markaz.example/p/abc - Madar"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "Number: Desk 1\nSince: 12:02\n\nIt's down.\n\nPair it.",
            "Number: Desk 1 · Since: 12:02. It's down. Pair it.",
        ),
        (
            "Since your last message:\n\n• Desk 1\n• Desk 2\n3 more",
            "Since your last message: Desk 1 · Desk 2 · 3 more",
        ),
        ("هل انقطع الرقم؟\r\n\r\nأعد\u2003ربطه\n \n", "هل انقطع الرقم؟ أعد ربطه"),
        (" \n\n\t", "–"),
    ],
)
def test_lines_and_paragraphs_stay_apart_in_one_line(place: Place, text: str, line: str) -> None:
    assert filled(["text"], message_for(place, text=text)) == [line]


def test_a_part_that_is_missing_or_long_still_fits(place: Place) -> None:
    template(place)
    CHANNEL.send(message_for(place, text="word " * 900, actions=(), sender=""), PHONE)
    (text,) = arrived(place)
    assert text.endswith(f"word…\n{settings.SITE_URL}/ - –"), "the words around the link want one"
    assert len(text) <= 1024


def test_the_template_of_the_kind_and_language_goes_first(place: Place) -> None:
    for template_id, kind, language in [
        ("all-en", "", "en"),
        ("all-ar", "", "ar"),
        ("down-en", "number_down", "en"),
    ]:
        template(place, template_id=template_id, kind=kind, language=language)
    found = {
        (kind, language): template_for(kind=kind, language=language)
        for kind in ("number_down", "invoice_issued")
        for language in ("en", "ar")
    }
    assert {key: row.template_id for key, row in found.items() if row} == {
        ("number_down", "en"): "down-en",
        ("number_down", "ar"): "all-ar",
        ("invoice_issued", "en"): "all-en",
        ("invoice_issued", "ar"): "all-ar",
    }


def test_without_one_in_the_language_another_language_is_better_than_silence(place: Place) -> None:
    template(place)
    CHANNEL.send(message_for(place, language="ar"), PHONE)
    assert len(arrived(place)) == 1


def test_without_a_template_or_an_account_the_reason_names_the_setting(place: Place) -> None:
    error = refusal(place)
    assert (error.permanent, error.dead) == (True, False)
    assert "WhatsApp messages" in error.reason
    template(place)
    MazbotAccount.objects.update(api_key="")
    error = refusal(place)
    assert (error.permanent, error.dead, error.retry_after) == (False, False, 1200)


def test_another_resellers_template_is_not_used(new_place: object) -> None:
    mine, theirs = new_place(), new_place()  # type: ignore[operator]
    with tenant(theirs.reseller):
        template(theirs)
    assert refusal(mine).permanent
    assert arrived(theirs) == []


def test_each_refusal_says_what_to_do_and_whether_a_retry_helps(place: Place) -> None:
    template(place)
    control, key = place.control, place.api_key

    control.set_template_status(key, "notice", "pending")
    error = refusal(place)
    assert (error.permanent, error.dead, error.unsure) == (True, False, False)
    assert "“notice”" in error.reason
    assert "pending" in error.answer
    control.add_template(key, "notice", "{{1}}")
    error = refusal(place)
    assert (error.permanent, error.dead) == (True, False)
    assert "variables" in error.reason

    template(place)
    control.set_whatsapp(PHONE, has_whatsapp=False)
    error = refusal(place)
    control.set_whatsapp(PHONE, has_whatsapp=True)
    assert (error.permanent, error.dead) == (True, True)
    assert PHONE[1:] not in f"{error.reason}{error.answer}"

    control.set_quota(key, 0)
    error = refusal(place)
    control.set_quota(key, 100)
    assert (error.permanent, error.dead, error.retry_after) == (False, False, 1800)
    assert arrived(place) == []


def test_a_lost_answer_is_unsure_and_said_so(place: Place) -> None:
    template(place)
    place.control.set_fault("send_template", "html_500", times=1, account_key=place.api_key)
    error = refusal(place)
    assert (error.permanent, error.dead, error.unsure) == (False, False, True)
    assert "may have arrived" in error.reason


def test_a_refused_login_is_the_accounts_problem_and_waits(place: Place) -> None:
    template(place)
    MazbotAccount.objects.update(password="wrong", credentials_version=2)
    error = refusal(place)
    assert (error.permanent, error.dead) == (False, False)
    assert 0 < (error.retry_after or 0) <= 1200
    account = MazbotAccount.objects.get()
    assert account.refused_at is not None
    assert account.last_error_kind == "login"


def test_what_one_message_is_refused_for_is_no_problem_of_the_account(place: Place) -> None:
    template(place)
    place.control.set_template_status(place.api_key, "notice", "paused")
    refusal(place)
    assert MazbotAccount.objects.get().last_error_kind == ""


def test_it_counts_against_the_budget_in_its_own_lane(place: Place) -> None:
    template(place)
    CHANNEL.send(message_for(place), PHONE)
    usage = budget_usage(live.valkey(), f"reseller:{place.reseller.pk}")
    assert usage.last_hour[Lane.NOTIFICATION] == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_while_it_waits_for_mazbot(new_place: object) -> None:
    """The answer takes a second: meanwhile the account and the template can be changed by others."""
    place: Place = new_place()  # type: ignore[operator]
    with tenant(place.reseller):
        template(place)
        client_for(place.account).login()
    place.control.set_fault("send_template", "latency", times=1, delay=1, account_key=place.api_key)
    done: list[float] = []

    def send() -> None:
        try:
            CHANNEL.send(message_for(place), PHONE)
            done.append(1)
        finally:
            connection.close()

    thread = threading.Thread(target=send)
    thread.start()
    while not any(
        entry.call == "send_template" and entry.account_key == place.api_key
        for entry in place.control.requests_log(last=5)
    ):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
        cursor.execute("UPDATE whatsapp_mazbotaccount SET rate_limit = 50")
        cursor.execute("DELETE FROM whatsapp_templatesetting")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%' "
            "AND datname = current_database()"
        )
        (inside,) = cursor.fetchone()
        cursor.execute("SET lock_timeout = 0")
    assert (inside, done) == (0, [])
    thread.join()
    assert done == [1]


def test_a_message_that_finds_no_slot_says_when_to_come_back(place: Place) -> None:
    template(place)
    budget: RequestBudget = client_for(place.account).budget
    slot = budget.reserve(priority=Lane.PERSON)
    budget.penalize(slot, 300)
    error = refusal(place)
    assert (error.permanent, error.unsure) == (False, False)
    assert 200 < (error.retry_after or 0) <= 300

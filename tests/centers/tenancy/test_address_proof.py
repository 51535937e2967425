"""An account is its owner's alone: two resellers, one of which would like to own another's people."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from centers.models import AddressCode, AuditEntry, Center, Invitation, Membership, Reseller, Role, User
from centers.tenancy.address_codes import MOST_A_DAY, MOST_TRIES
from centers.tenancy.scoping import tenant
from centers.values.codes import plain_digits
from tests.centers.tenancy.mails import code_in, link_in
from tests.factories import PASSWORD, CenterFactory, ResellerFactory, UserFactory, member
from tests.pages import field_errors

pytestmark = pytest.mark.django_db
VICTIM = "victim@example.com"
LOGIN = reverse("account_login")
THEIRS = {"name": "Not Me", "password": "violet tram 77 lemon", "again": "violet tram 77 lemon"}
MINE = {"name": "Amal", "password": "copper lake 12 onion", "again": "copper lake 12 onion"}


@pytest.fixture
def attackers() -> Reseller:
    found: Reseller = ResellerFactory(name="Attackers")
    return found


@pytest.fixture
def owners() -> Reseller:
    found: Reseller = ResellerFactory(name="Owners")
    return found


def copied_link(
    reseller: Reseller,
    capture: Any,
    email: str = VICTIM,
    role: Role = Role.OWNER,
    center: Center | None = None,
) -> str:
    """Invite through the pages as a member of the reseller; returns the link that is shown to them."""
    browser = Client()
    browser.force_login(member(reseller, role))
    invite = (
        reverse("center_invite", args=[reseller.slug, center.pk])
        if center
        else reverse("team_invite", args=[reseller.slug])
    )
    page = (
        reverse("center_people", args=[reseller.slug, center.pk])
        if center
        else reverse("team", args=[reseller.slug])
    )
    with capture(execute=True):
        browser.post(invite, {"email": email, "role": "center_viewer" if center else "billing"})
    found = re.search(r"(/invitations/[\w-]{20,}/)", browser.get(page).content.decode())
    assert found
    return found[1]


def squatted() -> User:
    """An account as it could come into being before addresses were proven: password and factor are another person's."""
    person: User = UserFactory(email=VICTIM, email_proven_at=None)
    TOTP.activate(person, generate_totp_secret())
    RecoveryCodes.activate(person)
    return person


def said(answer: Any) -> str:
    """A page without what differs in every form."""
    text = answer.content.decode()
    return re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]+"', "", text)


def sign_in(email: str, password: str) -> Client:
    browser = Client()
    browser.post(LOGIN, {"login": email, "password": password})
    return browser


def is_in(browser: Client) -> bool:
    return browser.get(reverse("profile")).status_code == 200


@pytest.mark.parametrize("role", [Role.OWNER, Role.SUPPORT])
def test_a_copied_link_alone_makes_no_account(
    attackers: Reseller, role: Role, django_capture_on_commit_callbacks: Any
) -> None:
    center = CenterFactory(reseller=attackers) if role == Role.SUPPORT else None
    url = copied_link(attackers, django_capture_on_commit_callbacks, role=role, center=center)
    attacker = Client()
    assert 'name="password"' not in attacker.get(url).content.decode()
    for typed in (THEIRS, {**THEIRS, "code": "000000"}, {**THEIRS, "send": "1"}, {"code": ""}):
        attacker.post(url, typed)
        attacker.post(url, THEIRS)
    assert not User.objects.filter(email=VICTIM).exists()
    with tenant(attackers):
        assert Invitation.objects.get().accepted_at is None


def test_the_code_goes_to_the_invited_address_and_proves_it(
    owners: Reseller, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    url = copied_link(owners, django_capture_on_commit_callbacks)
    client.post(url, {"send": "1"})
    assert mail.outbox[-1].to == [VICTIM]
    code = code_in(mail.outbox[-1])
    assert code not in str(list(AddressCode.objects.values())), "only its hash is stored"
    assert 'name="code"' in client.get(url).content.decode()
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert client.post(url, {"code": f" {arabic[:3]} {arabic[3:]}"}).status_code == 302
    assert 'name="password"' not in Client().get(url).content.decode(), "the code was entered elsewhere"
    assert client.post(url, MINE)["Location"] == reverse("home")
    person = User.objects.get(email=VICTIM)
    assert person.email_proven_at
    assert person.check_password(MINE["password"])
    assert Membership.objects.filter(user=person, reseller=owners).exists()


def test_the_real_owner_takes_the_account_over_with_the_mailed_link(
    attackers: Reseller, owners: Reseller, django_capture_on_commit_callbacks: Any
) -> None:
    person = squatted()
    Membership.objects.create(user=person, reseller=attackers, role=Role.OWNER)
    attacker = Client()
    attacker.force_login(person)
    assert is_in(attacker)
    copied_link(owners, django_capture_on_commit_callbacks)
    owner = Client()
    assert owner.post(link_in(mail.outbox[-1]), MINE)["Location"] == reverse("home")
    assert is_in(owner)
    assert not is_in(attacker), "a session from before lives on"
    assert not Authenticator.objects.filter(user=person).exists()
    assert is_in(sign_in(VICTIM, MINE["password"])), "no factor of someone else is asked for"
    assert not is_in(sign_in(VICTIM, PASSWORD))
    with tenant(owners):
        assert AuditEntry.objects.filter(action="member.joined").exists()
    with tenant(attackers):
        assert AuditEntry.objects.get(action="address.proven").data["factors"] == ["recovery_codes", "totp"]


def test_the_real_owner_takes_the_account_over_by_resetting_the_password() -> None:
    person = squatted()
    attacker = Client()
    attacker.force_login(person)
    new_password(VICTIM, MINE["password"])
    person.refresh_from_db()
    assert person.email_proven_at
    assert not Authenticator.objects.filter(user=person).exists()
    assert not is_in(attacker)
    assert is_in(sign_in(VICTIM, MINE["password"]))


def test_a_proven_account_keeps_its_factors_when_the_password_is_reset() -> None:
    person: User = UserFactory(email=VICTIM)
    TOTP.activate(person, generate_totp_secret())
    new_password(VICTIM, MINE["password"])
    assert Authenticator.objects.filter(user=person).exists()
    assert not is_in(sign_in(VICTIM, MINE["password"]))


def test_an_open_session_of_an_unproven_account_accepts_nothing(
    owners: Reseller, django_capture_on_commit_callbacks: Any
) -> None:
    attacker = Client()
    attacker.force_login(squatted())
    url = copied_link(owners, django_capture_on_commit_callbacks)
    assert attacker.post(url).status_code == 422
    assert not Membership.objects.filter(user__email=VICTIM).exists()


def test_a_person_signed_in_with_the_proven_address_accepts_a_copied_link_at_once(
    owners: Reseller, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(person := UserFactory(email=VICTIM))
    assert client.post(copied_link(owners, django_capture_on_commit_callbacks)).status_code == 302
    assert Membership.objects.filter(user=person, reseller=owners).exists()


@pytest.mark.parametrize("account", ["none", "unproven", "proven", "closed"])
def test_no_page_tells_the_inviter_whether_there_is_an_account(
    account: str, owners: Reseller, django_capture_on_commit_callbacks: Any
) -> None:
    """Every answer to the inviter and to the person who opens the copied link, compared with those about no account."""
    known, unknown = "known@example.com", "other@example.com"
    if account != "none":
        UserFactory(
            email=known,
            email_proven_at=None if account == "unproven" else timezone.now(),
            is_active=account != "closed",
        )
    answers = []
    for email in (known, unknown):
        reseller = ResellerFactory(name="Same Name")
        url = copied_link(reseller, django_capture_on_commit_callbacks, email=email)
        browser, token = Client(), url.split("/")[2]
        pages = [
            browser.get(url),
            browser.post(url, MINE),
            browser.post(url, {"send": "1"}),
            browser.get(url),
        ]
        pages += [browser.post(url, {"code": "999999x"}), browser.post(url, {"send": "1"})]
        answers.append(
            [
                (page.status_code, said(page).replace(email, "").replace(token, ""), len(page.cookies))
                for page in pages
            ]
        )
    inviters = re.compile(r"Person \d+")
    first, second = (
        [(code, inviters.sub("", text), number) for code, text, number in seen] for seen in answers
    )
    assert first == second


def test_a_code_is_good_for_few_tries_and_a_quarter_of_an_hour(
    owners: Reseller, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    url = copied_link(owners, django_capture_on_commit_callbacks)
    assert client.post(url, {"code": "123456"}).status_code == 422, "before any was sent"
    client.post(url, {"send": "1"})
    code = code_in(mail.outbox[-1])
    assert "required" in field_errors(client.post(url))["code"]
    wrong = "000000" if code != "000000" else "111111"
    for left in range(MOST_TRIES - 1, -1, -1):
        page = client.post(url, {"code": wrong})
        assert page.status_code == 422
        assert (f"You have {left} attempt" in page.content.decode()) is (left > 0)
    assert client.post(url, {"code": code}).status_code == 422, "the right one comes too late"
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):
        client.post(url, {"send": "1"})
        code = code_in(mail.outbox[-1])
    with time_machine.travel(timezone.now() + timedelta(minutes=18), tick=True):
        assert client.post(url, {"code": code}).status_code == 422
        assert "Send code" in client.get(url).content.decode()


def test_codes_are_sent_once_a_minute_and_a_few_times_a_day_over_all_invitations(
    attackers: Reseller, owners: Reseller, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    links = [copied_link(one, django_capture_on_commit_callbacks) for one in (attackers, owners)]
    mail.outbox.clear()
    assert client.post(links[0], {"send": "1"}).status_code == 302
    assert client.post(links[1], {"send": "1"}).status_code == 422
    now = timezone.now()
    for number in range(1, MOST_A_DAY + 5):
        with time_machine.travel(now + timedelta(minutes=2 * number), tick=True):
            client.post(links[number % 2], {"send": "1"})
    assert len(mail.outbox) == MOST_A_DAY
    with time_machine.travel(now + timedelta(days=1, minutes=1), tick=True):
        assert client.post(links[0], {"send": "1"}).status_code == 302


def test_a_code_and_its_proof_end_with_the_link_they_were_for(
    owners: Reseller, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    url = copied_link(owners, django_capture_on_commit_callbacks)
    client.post(url, {"send": "1"})
    client.post(url, {"code": code_in(mail.outbox[-1])})
    assert 'name="password"' in client.get(url).content.decode()
    staff = Client()
    staff.force_login(member(owners))
    with tenant(owners):
        row = Invitation.objects.get()
    staff.post(reverse("invitation_resend", args=[owners.slug, row.pk]))
    fresh = re.search(
        r"(/invitations/[\w-]{20,}/)", staff.get(reverse("team", args=[owners.slug])).content.decode()
    )
    assert fresh
    assert client.get(url).status_code == 404
    assert 'name="password"' not in client.get(fresh[1]).content.decode()


def test_a_proof_is_for_its_own_invitation_and_half_an_hour(
    attackers: Reseller, owners: Reseller, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    mine = copied_link(attackers, django_capture_on_commit_callbacks, email="attacker@example.com")
    theirs = copied_link(owners, django_capture_on_commit_callbacks)
    client.post(mine, {"send": "1"})
    client.post(mine, {"code": code_in(mail.outbox[-1])})
    assert 'name="password"' in client.get(mine).content.decode()
    assert client.post(theirs, THEIRS).status_code == 422
    assert not User.objects.filter(email=VICTIM).exists()
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=True):
        assert 'name="password"' not in client.get(mine).content.decode()


def test_looking_at_a_link_uses_nothing_up(
    owners: Reseller, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    copied = copied_link(owners, django_capture_on_commit_callbacks)
    mailed = link_in(mail.outbox[-1])
    for url in (copied, mailed, copied, mailed):
        assert Client().head(url).status_code == Client().get(url).status_code == 200
    assert len(mail.outbox) == 1
    assert not AddressCode.objects.exists()
    assert client.post(mailed, MINE).status_code == 302


def test_an_invitation_from_before_takes_a_code(owners: Reseller, client: Client) -> None:
    """Links that were mailed and shown to the inviter alike prove nothing."""
    with tenant(owners):
        from centers.tenancy.invitations import invite

        row, token = invite(reseller=owners, email=VICTIM, role=Role.BILLING, by=None)
        Invitation.objects.update(mail_token_hash=None)
    assert row.pk
    assert client.post(reverse("invitation", args=[token]), THEIRS).status_code == 422
    assert not User.objects.filter(email=VICTIM).exists()


@pytest.mark.parametrize("page", ["mfa_activate_totp", "mfa_add_webauthn"])
def test_no_factor_is_set_up_before_the_address_is_proven(page: str, client: Client) -> None:
    person: User = UserFactory(email_proven_at=None)
    client.force_login(person)
    for answer in (client.get(reverse(page)), client.post(reverse(page), {"code": "123456"})):
        assert answer["Location"] == reverse("profile")
    assert reverse("account_reset_password") in client.get(reverse("profile")).content.decode()
    assert not Authenticator.objects.filter(user=person).exists()
    User.objects.filter(pk=person.pk).update(email_proven_at=timezone.now())
    assert client.get(reverse(page))["Location"].startswith(reverse("account_reauthenticate"))
    assert reverse("account_reset_password") not in client.get(reverse("profile")).content.decode()


@pytest.mark.parametrize(
    ("typed", "read"),
    [("123456", "123456"), ("\u2068١٢٣ ٤٥٦\u2069", "123456"), ("۱۲۳-۴۵۶", "123456"), ("²1½", "1"), ("", "")],
)
def test_digits_of_every_script_are_read(typed: str, read: str) -> None:
    assert plain_digits(typed) == read


def new_password(email: str, password: str) -> None:
    browser = Client()
    browser.post(reverse("account_reset_password"), {"email": email})
    form = browser.get(link_in(mail.outbox[-1]))["Location"]
    assert browser.post(form, {"password1": password, "password2": password}).status_code == 302

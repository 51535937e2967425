"""The reseller of the demo, its team and its customers."""

import csv
import io
import time
from datetime import datetime

from django.db import transaction

from centers.models import Center, Membership, Reseller, Role, User
from centers.tenancy import invitations
from centers.tenancy.resellers import create_reseller, edit_reseller
from centers.tenancy.scoping import every_tenant, tenant
from devstack import demo_accounts
from devstack.demo_data.places import PLACES
from devstack.demo_data.sandbox import SEEDING_LIMIT, USUAL_LIMIT, instance_ids
from devstack.sandbox import DEMO_ACCOUNT
from whatsapp.accounts import save_account
from whatsapp.imports.columns import COLUMNS
from whatsapp.imports.run import preview_import, run_import, start_import
from whatsapp.models import ImportBatch, MazbotAccount

SLUG = "rimal"
HOW_TO_PAY = (
    "Bank: Rimal Demo Bank (no real account)\n"
    "IBAN: SA00 0000 0000 0000 0000 0000\n"
    "Reference: the number of the invoice"
)


def unfinished() -> Reseller | None:
    """The demo's reseller if filling it was interrupted: its account still has the limit used for filling."""
    with every_tenant():
        accounts = MazbotAccount.objects.filter(reseller__slug=SLUG, rate_limit=SEEDING_LIMIT)
        account = accounts.select_related("reseller").first()
        return account.reseller if account else None


@transaction.atomic
def make_reseller(*, sandbox_url: str, now: datetime) -> Reseller:
    """The reseller with its owner and its MazBot account at the sandbox."""
    reseller = create_reseller(
        name="Rimal Connect",
        slug=SLUG,
        owner_email=demo_accounts.OWNER.email,
        owner_password=demo_accounts.PASSWORD,
        owner_name="Demo Owner",
        currency="USD",
        language="en",
        time_zone="Asia/Riyadh",
        country="SA",
        now=now,
    )
    owner = User.objects.get(email=demo_accounts.OWNER.email)
    owner.email_proven_at = now
    owner.save(update_fields=["email_proven_at"])
    with tenant(reseller):
        reseller = edit_reseller(
            reseller=reseller,
            by=owner,
            now=now,
            support_contact="+966 11 555 0100",
            payment_instructions=HOW_TO_PAY,
        )
        save_account(
            reseller=reseller,
            by=owner,
            base_url=f"{sandbox_url}/api",
            api_key=DEMO_ACCOUNT["api_key"],
            email=DEMO_ACCOUNT["email"],
            password=DEMO_ACCOUNT["password"],
            rate_limit=SEEDING_LIMIT,
        )
    return reseller


def settle_account(reseller: Reseller, owner: User) -> None:
    """The request limit that staff of a real account would have entered."""
    with tenant(reseller):
        save_account(reseller=reseller, by=owner, rate_limit=USUAL_LIMIT)


def import_centers(reseller: Reseller, owner: User, now: datetime) -> None:
    """All centers and numbers, through the same import that staff use."""
    with tenant(reseller):
        if Center.objects.exists():
            return
        batch = preview_import(
            reseller=reseller, content=_csv(), filename="rimal-centers.csv", by=owner, now=now
        )
        if batch.errors:
            raise ValueError(f"The demo's own file has errors: {batch.errors[:3]}")
        start_import(batch=batch, by=owner, now=now)
        while batch.state in (ImportBatch.State.READY, ImportBatch.State.QUEUED):
            batch = run_import(batch=batch, now=now)  # by us or, if one already works on it, by a worker
            time.sleep(0.1)


def invite_team(reseller: Reseller, owner: User, now: datetime) -> None:
    """A billing and a support member, and the admin of the first center."""
    with tenant(reseller):
        first = Center.objects.get(name=PLACES[0].name)
    people = (
        (demo_accounts.BILLING, Role.BILLING, None, "Demo Billing", "en"),
        (demo_accounts.SUPPORT, Role.SUPPORT, None, "Demo Support", "en"),
        (demo_accounts.CENTER, Role.CENTER_ADMIN, first, PLACES[0].contact, "ar"),
    )
    for account, role, center, name, language in people:
        if Membership.objects.filter(user__email=account.email, reseller=reseller).exists():
            continue
        with transaction.atomic():
            with tenant(reseller):
                _, token = invitations.invite(
                    reseller=reseller, email=account.email, role=role, center=center, by=owner, now=now
                )
            person = User.objects.create_user(
                account.email, demo_accounts.PASSWORD, name=name, language=language, email_proven_at=now
            )
            invitations.accept_as(token=token, user=person, now=now)


def _csv() -> bytes:
    text = io.StringIO()
    rows = csv.DictWriter(text, COLUMNS)
    rows.writeheader()
    for index, place in enumerate(PLACES, start=1):
        for line, (label, instance_id) in enumerate(
            zip(place.numbers, instance_ids(place, index), strict=True), start=1
        ):
            rows.writerow(
                {
                    "center": place.name,
                    "contact_name": place.contact,
                    "email": f"center{index:02d}@demo.example",
                    "phone": f"{place.dial}{index:02d}{4210 + index * 37:05d}",
                    "country": place.country,
                    "country_id": place.country_id,
                    "currency": place.currency,
                    "language": place.language,
                    "instance_id": instance_id,
                    "label": label,
                    "whatsapp_number": f"{place.dial}{index:02d}{4210 + index * 37 + line:05d}",
                }
            )
    return text.getvalue().encode()

"""A large reseller with everything that its pages read, written by PostgreSQL from one row of each kind."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from benchmarks.rows import fill_lines, fill_usage, vacuum
from billing.models import (
    AccountUsageRecord,
    Category,
    Margin,
    Payment,
    Rate,
    RateFetch,
)
from billing.periods import month_of
from billing.queries.kept_sums import add_up
from billing.reports import kept_refresh
from billing.usage.due import due_days
from centers.models import AuditEntry, Center, Membership, Reseller, Role, User
from centers.tenancy.scoping import tenant
from whatsapp.models import Alert, Connection, Instance, MazbotAccount

COUNTRIES = 6
TYPES = ("marketing", "utility", "authentication", "service", "monthly_subscription")
DAYS = 20  # of usage, up to today


@dataclass(frozen=True, slots=True)
class Large:
    """The reseller, who looks at its pages, and one of its centers and numbers."""

    reseller: Reseller
    owner: User
    center: int
    number: int

    @property
    def root(self) -> str:
        return f"/r/{self.reseller.slug}/"


def large_reseller(slug: str, centers: int, numbers: int) -> Large:
    """`centers` centers that share `numbers` numbers: 20 days of usage, alerts, payments, open invoices, audit entries.

    Every hundredth center has a margin of its own; half of the numbers have a phone number.
    """
    reseller = Reseller.objects.create(name=slug, slug=slug)
    owner = User.objects.create_user(f"{slug}@bench.example", "bench-password")
    Membership.objects.create(user=owner, reseller=reseller, role=Role.OWNER)
    MazbotAccount(reseller=reseller, api_key="k", email="a@bench.example", password="p").save()
    today = datetime.now(UTC).date()
    first = min(today - timedelta(days=DAYS - 1), today)
    began = datetime.combine(first, datetime.min.time(), UTC)
    _centers(reseller, centers, began)
    _numbers(reseller, numbers, centers, began)
    _prices(reseller, first)
    # The parts in which usage is stored, as MazBot's answers come in.
    for back in range(DAYS):
        day = first + timedelta(days=back)
        fill_usage(reseller, day, day, read_at=began + timedelta(days=back, hours=23))
    _jobs(reseller)
    _invoices(reseller, first, today)
    _payments(reseller, owner, today)
    _account_days(reseller, first)
    _events(reseller, owner, numbers)
    kept_refresh.refresh(reseller=reseller, now=datetime.now(UTC))
    vacuum()
    one = Instance._base_manager.filter(reseller=reseller).order_by("pk")[numbers // 2]
    return Large(reseller, owner, one.center_id, one.pk)


def _centers(reseller: Reseller, count: int, began: datetime) -> None:
    row = Center(reseller=reseller, name=" first", currency="USD", country_id="1", created_at=began)
    row.save()
    _copy(
        row,
        count,
        name="'Center ' || lpad(n::text, 6, '0')",
        contact_name="'Person ' || (n * 7919 % 1000003)",
        phone="'+9665' || lpad((n * 7919 % 10000000)::text, 8, '0')",
        country_id=f"(n % {COUNTRIES} + 1)::text",
        payment_status="(ARRAY['clear', 'clear', 'open', 'overdue'])[n % 4 + 1]",
        created_at="t.created_at - n * interval '1 minute'",
    )


def _numbers(reseller: Reseller, count: int, centers: int, began: datetime) -> None:
    center = Center._base_manager.filter(reseller=reseller).earliest("pk")
    row = Instance(
        reseller=reseller,
        center=center,
        instance_id=f"{reseller.slug}-first",
        connection=Connection.CONNECTED,
        held_since=began,
        connection_since=began,
        checked_at=began,
        last_seen=began,
    )
    row.save()
    _copy(
        row,
        count,
        center_id=f"t.center_id + 1 + n % {centers}",
        instance_id=f"'{reseller.slug}-' || lpad((n * 7919 % 1000003)::text, 7, '0')",
        label="'Number ' || n",
        whatsapp_number="CASE WHEN n % 2 = 0 THEN '+9665' || lpad((n * 7919 % 100000000)::text, 8, '0') ELSE '' END",
        connection="CASE n % 10 WHEN 8 THEN 'disconnected' WHEN 9 THEN 'expired' ELSE 'connected' END",
        connection_since="t.connection_since + (n * 7919 % 1000003) * interval '1 second'",
        checked_at="now() - (n * 7919 % 1009) * interval '1 second'",
        last_seen="CASE WHEN n % 20 = 0 THEN NULL ELSE now() - (n * 7919 % 90001) * interval '1 second' END",
    )


def _prices(reseller: Reseller, first: date) -> None:
    now = datetime.now(UTC)
    for country in ("", *map(str, range(1, COUNTRIES + 1))):
        fetch = RateFetch._base_manager.create(
            reseller=reseller, country_id=country, first_fetched_at=now - timedelta(days=90), fetched_at=now
        )
        Rate._base_manager.bulk_create(
            Rate(reseller=reseller, fetch=fetch, type=name, cost=Decimal(at + 1) / 100, currency="USD")
            for at, name in enumerate(TYPES)
        )
    margin = Margin(
        reseller=reseller,
        level=Margin.Level.RESELLER,
        category=Category.MESSAGE,
        percent=Decimal(20),
        fixed=Decimal(0),
        valid_from=first - timedelta(days=60),
        created_at=now,
    )
    margin.save()
    columns, values = _columns(margin, level="'center'", center_id="c.id", percent="c.id % 40 + 10")
    _execute(
        f"INSERT INTO billing_margin ({columns}) SELECT {values} FROM billing_margin t, centers_center c "
        "WHERE t.id = %s AND c.reseller_id = t.reseller_id AND c.id %% 100 = 0",
        [margin.pk],
    )


def _jobs(reseller: Reseller) -> None:
    """What the product's jobs do every few minutes: note what has been read, and add up the kept sums."""
    with tenant(reseller):
        due_days(reseller, datetime.now(UTC))
    add_up()


def _invoices(reseller: Reseller, first: date, today: date) -> None:
    """An open invoice of the month before for every fourth center."""
    month = month_of(first.replace(day=1) - timedelta(days=1))
    with transaction.atomic():
        _execute(
            """
            INSERT INTO billing_invoice
                (reseller_id, center_id, kind, number, year, sequence, first_day, end_day, period_start, period_end,
                 currency, total, line_count, issued_at, issued_on, due_on, language, parties, reason, open_amount)
            SELECT reseller_id, id, 'invoice', 'INV-' || id, 2026, row_number() OVER (ORDER BY id), %(first)s, %(end)s,
                   %(first)s, %(end)s, 'USD', 10, 1, now(), %(today)s, %(today)s::date + (id %% 40)::int - 20, 'en',
                   '{}', '', 10
              FROM centers_center WHERE reseller_id = %(reseller)s AND id %% 4 = 0
            """,
            {"reseller": reseller.pk, "first": month.first_day, "end": month.end_day, "today": today},
        )
        fill_lines(reseller)


def _payments(reseller: Reseller, owner: User, today: date) -> None:
    """One of every center."""
    center = Center._base_manager.filter(reseller=reseller).earliest("pk")
    payment = Payment(
        reseller=reseller,
        center=center,
        amount=Decimal(5),
        currency="USD",
        reference=f"{reseller.slug} first",
        method="bank",
        received_on=today,
        recorded_at=datetime.now(UTC),
        recorded_by=owner,
    )
    payment.save()
    columns, values = _columns(payment, center_id="c.id", reference="'Transfer ' || c.id")
    _execute(
        f"INSERT INTO billing_payment ({columns}) SELECT {values} FROM billing_payment t, centers_center c "
        "WHERE t.id = %s AND c.reseller_id = t.reseller_id AND c.id <> t.center_id",
        [payment.pk],
    )


def _account_days(reseller: Reseller, first: date) -> None:
    """What MazBot counted of the main account."""
    AccountUsageRecord._base_manager.bulk_create(
        AccountUsageRecord(
            reseller=reseller,
            day=first + timedelta(days=back),
            sent=100,
            received=50,
            failed=2,
            cost=Decimal(1),
            currency="USD",
            available_quota=Decimal(10**6 - 100 * back),
            read_at=datetime.now(UTC),
        )
        for back in range(DAYS)
    )


def _events(reseller: Reseller, owner: User, numbers: int) -> None:
    """An alert of every tenth number, half of them over, and as many audit entries as numbers."""
    _execute(
        """
        INSERT INTO whatsapp_alert (reseller_id, instance_id, center_id, kind, detail, opened_at, times, resolved_at)
        SELECT reseller_id, id, center_id, 'disconnected', '', now() - (id %% 9000) * interval '1 minute', 1,
               CASE WHEN id %% 20 = 0 THEN now() END
          FROM whatsapp_instance WHERE reseller_id = %s AND id %% 10 = 0
        """,
        [reseller.pk],
    )
    entry = AuditEntry(
        reseller=reseller, at=datetime.now(UTC), actor=owner, actor_label="Owner", action="center.edited"
    )
    entry.save()
    _copy(entry, numbers, at="t.at - n * interval '1 minute'")
    assert Alert._base_manager.filter(reseller=reseller).exists()


def _copy(row: Model, count: int, **expressions: str) -> None:
    """`count` more rows like this one (`t`), but for the columns with an SQL expression of their own in `n`."""
    columns, values = _columns(row, **expressions)
    table = row._meta.db_table
    _execute(
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, generate_series(1, %s) AS n WHERE t.id = %s",
        [count, row.pk],
    )


def _columns(row: Model, **expressions: str) -> tuple[str, str]:
    """The columns that a copy needs, and what goes into each."""
    fields = [field for field in row._meta.concrete_fields if not (field.primary_key or field.generated)]
    names = [str(field.column) for field in fields]
    values = ", ".join(expressions.get(name, f"t.{name}") for name in names)
    return ", ".join(names), values.replace("%", "%%")


def _execute(statement: str, values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)

"""A large tenant, written in bulk: the benchmarks measure reads and operations, not this."""

from datetime import UTC, date, datetime, timedelta

from django.db import connection

from centers.models import Center, Membership, Reseller, Role, User
from whatsapp.models import Connection, Instance, MazbotAccount

NOW = datetime.now(UTC)
_STATES = (Connection.CONNECTED,) * 8 + (Connection.DISCONNECTED, Connection.EXPIRED)


def big_reseller(slug: str, centers: int, numbers: int) -> tuple[Reseller, User]:
    """A reseller with `centers` centers that share `numbers` numbers, and its owner."""
    reseller = Reseller.objects.create(name=slug, slug=slug)
    owner = User.objects.create_user(f"{slug}@bench.example", "bench-password")
    Membership.objects.create(user=owner, reseller=reseller, role=Role.OWNER)
    MazbotAccount(reseller=reseller, api_key="k", email="a@bench.example", password="p").save()
    made = Center._base_manager.bulk_create(
        Center(reseller=reseller, name=f"Center {n:05d}", currency="USD", country_id=str(n % 6 + 1))
        for n in range(centers)
    )
    Instance._base_manager.bulk_create(
        (
            Instance(
                reseller=reseller,
                center=made[n % centers],
                instance_id=f"{slug}-{n:06d}",
                label=f"Number {n}",
                connection=_STATES[n % len(_STATES)],
                connection_since=NOW - timedelta(hours=n % 90),
                checked_at=NOW - timedelta(seconds=n % 300),
                last_seen=NOW - timedelta(seconds=n % 900),
            )
            for n in range(numbers)
        ),
        batch_size=2000,
    )
    return reseller, owner


def analyze() -> None:
    """Run ANALYZE, as autovacuum does within a minute: without it the planner has no statistics."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def vacuum() -> None:
    """Run VACUUM and ANALYZE, as autovacuum does after so many new rows.

    Without it, a search reads what a trigram index has not sorted in yet (450 ms of 100,000 numbers against 60).
    """
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def fill_usage(reseller: Reseller, first: date, last: date, *, read_at: datetime) -> None:
    """A usage day of each present number for each day, written by PostgreSQL.

    Foreign keys are looked up by plans for empty tables unless it has just counted their rows.
    """
    analyze()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO billing_usagerecord
                (reseller_id, center_id, instance_id, assignment_id, day, sent, received, failed, cost, currency,
                 first_read_at, read_at, repeats)
            SELECT reseller_id, center_id, instance_id, id, d.day, 100, 50, 2, 4.55, 'USD', %s, %s, 0
              FROM whatsapp_instanceassignment, generate_series(%s::date, %s::date, interval '1 day') AS d (day)
             WHERE reseller_id = %s AND until IS NULL
            """,
            [read_at, read_at, first, last, reseller.pk],
        )


def fill_lines(reseller: Reseller) -> None:
    """A line of 10 USD for each of the reseller's invoices; the caller's transaction holds both."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO billing_invoiceline
                (reseller_id, invoice_id, position, kind, number_label, rate_type, first_day, end_day, quantity,
                 billable, sent, received, failed, cost, unit_cost, cost_currency, percent, fixed, exchange_rate,
                 unit_price, amount, currency)
            SELECT reseller_id, id, 1, 'usage', '', '', first_day, end_day, 1, 'sent', 1, 0, 0, 10, 10, 'USD', 0, 0, 1,
                   10, 10, 'USD'
              FROM billing_invoice WHERE reseller_id = %s
            """,
            [reseller.pk],
        )

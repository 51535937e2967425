"""The monthly run: a month of many centers against the same rows by raw INSERT ... SELECT, and small against large."""

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from statistics import median

from django.db import connection, transaction

from benchmarks.results import Result, is_quick
from benchmarks.rows import analyze, big_reseller, fill_usage
from billing.invoicing import due_periods, invoice_reseller
from billing.models import Category, Invoice, UsageCheck
from billing.periods import Period, day_start, zone_of
from billing.pricing.margin_versions import set_margin
from centers.models import Center, JobRun, Reseller, User
from centers.queue.job_runs import RunRecorder
from centers.tenancy.scoping import tenant
from whatsapp.models import Instance

#: A month of 31 days, and a morning on which it can be invoiced.
MONTH = Period(date(2026, 10, 1), date(2026, 11, 1))
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
NUMBERS = 3  # of a center: as many lines, and 93 claims
# Raw rows get ids that no sequence has reached.
_APART = 1_000_000_000
_CHUNK = 100
_ENOUGH = 60.0  # seconds of a large run tell what an invoice takes


def sizes() -> tuple[int, int, int]:
    """Centers of the run, of the small and of the large one."""
    return (200, 100, 1_000) if is_quick() else (2_000, 200, 20_000)


def measure() -> list[Result]:
    """Milliseconds an invoice in one process, and how they grow with the reseller."""
    centers, few, many = sizes()
    _run("first", few)  # PostgreSQL keeps plans for empty tables until these have rows and were analyzed
    each = _run("run", centers)
    raw = _raw("run", "raw", centers)
    # A small run takes a second or two: the middle one of three, before and after the large one.
    before = [_run(f"small{number}", few) for number in range(2)]
    large = _run("large", many, _ENOUGH)
    small = median([*before, _run("small2", few)])
    about = f"{NUMBERS} lines and {NUMBERS * 31} claims each"
    return [
        Result(
            "invoice.run",
            each / raw,
            5,
            "times",
            f"{centers} invoices, {about}: {each:.1f} ms an invoice against {raw:.2f} ms by raw INSERT ... SELECT",
            at_most=True,
        ),
        Result(
            "invoice.flat",
            large / small,
            1.1,
            "times",
            f"an invoice of {many} centers ({large:.1f} ms) against one of {few} ({small:.1f} ms, median of 3)",
            at_most=True,
        ),
        Result("invoices.rate", 1000 / each, None, "a second", f"the same {centers} invoices, one process"),
    ]


def _run(slug: str, centers: int, seconds: float = 600.0) -> float:
    """Invoice the month of a reseller, or what of it can be done in this time; milliseconds an invoice."""
    reseller, _owner = _shop(slug, centers)
    with tenant(reseller):
        recorder = RunRecorder(JobRun.objects.create(reseller=reseller, job="invoices", started_at=NOW))
        started = time.perf_counter()
        due_periods(reseller, NOW)
        once = time.perf_counter() - started  # of the run, too, however much of it is done
        started = time.perf_counter()
        deadline = time.monotonic() + seconds
        left = invoice_reseller(reseller=reseller, now=NOW, recorder=recorder, deadline=deadline)
        taken = time.perf_counter() - started
        assert (recorder.done, recorder.failed) == (centers - left, 0), recorder.failures
        assert Invoice.objects.count() == recorder.done > 0
    return (taken - once) * 1000 / recorder.done + once * 1000 / centers


def _shop(slug: str, centers: int) -> tuple[Reseller, User]:
    """A reseller whose centers' month is read whole and compared with MazBot's sums."""
    reseller, owner = big_reseller(slug, centers=centers, numbers=centers * NUMBERS)
    began = day_start(MONTH.first_day, zone_of(reseller))
    with tenant(reseller):
        set_margin(
            reseller=reseller,
            category=Category.MESSAGE,
            percent=Decimal(20),
            fixed=Decimal("0.001"),
            valid_from=MONTH.first_day,
            by=owner,
            now=NOW,
        )
        Center.objects.update(created_at=began)
        Instance.objects.update(held_since=began)
        fill_usage(reseller, MONTH.first_day, MONTH.last_day, read_at=NOW)
        UsageCheck.objects.bulk_create(
            UsageCheck(
                reseller=reseller,
                mazbot_id=mazbot_id,
                month=MONTH.first_day,
                asked_at=NOW,
                checked_at=NOW,
                closing_at=NOW,
            )
            for mazbot_id in Instance.objects.values_list("instance_id", flat=True)
        )
    analyze()
    return reseller, owner


def _raw(source: str, slug: str, centers: int) -> float:
    """Write what the run of `source` wrote for another reseller; milliseconds an invoice, committed like chunks."""
    reseller, _owner = _shop(slug, centers)
    with connection.cursor() as cursor:
        _map_ids(cursor, Reseller.objects.get(slug=source).pk, reseller.pk)
        tables = {
            table: _copy(cursor, table, Reseller.objects.get(slug=source).pk, reseller.pk)
            for table in _TABLES
        }
        cursor.execute("ANALYZE")
        started = time.perf_counter()
        for chunk in range(-(-centers // _CHUNK)):
            with transaction.atomic():
                for table, columns in tables.items():
                    cursor.execute(
                        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM raw_{table} WHERE chunk = %s",
                        [chunk],
                    )
        return (time.perf_counter() - started) * 1000 / centers


#: What the run writes, in the order of its foreign keys, and how to find the center of a row.
_TABLES = {
    "billing_invoice": "row.center_id",
    "billing_billingperiod": "row.center_id",
    "billing_invoiceline": "(SELECT center_id FROM billing_invoice WHERE id = row.invoice_id)",
    "billing_usageclaim": "(SELECT center_id FROM billing_billingperiod WHERE id = row.period_id)",
    "billing_carriedamount": "row.center_id",
    "billing_ledgerentry": "row.center_id",
    "centers_notification": "row.center_id",
    "centers_auditentry": "row.center_id",
}
_NEW = {
    "id": f"row.id + {_APART}",
    "center_id": "(SELECT fresh FROM raw_center WHERE known = row.center_id)",
    "instance_id": "(SELECT fresh FROM raw_instance WHERE known = row.instance_id)",
    "usage_record_id": "(SELECT fresh FROM raw_usage WHERE known = row.usage_record_id)",
    **{f"{name}_id": f"row.{name}_id + {_APART}" for name in ("invoice", "period", "line", "document")},
}


def _map_ids(cursor, source: int, target: int) -> None:  # type: ignore[no-untyped-def]
    """Tables of the ids of the two resellers' centers, numbers and usage days, which are alike."""
    for name, table in (("center", "centers_center"), ("instance", "whatsapp_instance")):
        ranked = f"SELECT id, row_number() OVER (ORDER BY id) AS place FROM {table} WHERE reseller_id = %s"
        cursor.execute(
            f"CREATE TEMP TABLE raw_{name} AS SELECT a.id AS known, b.id AS fresh, a.place "
            f"FROM ({ranked}) a JOIN ({ranked}) b ON b.place = a.place",
            [source, target],
        )
        cursor.execute(f"ALTER TABLE raw_{name} ADD PRIMARY KEY (known)")
    cursor.execute(
        "CREATE TEMP TABLE raw_usage AS SELECT a.id AS known, b.id AS fresh FROM billing_usagerecord a "
        "JOIN raw_instance i ON i.known = a.instance_id "
        "JOIN billing_usagerecord b ON b.instance_id = i.fresh AND b.day = a.day WHERE a.reseller_id = %s",
        [source],
    )
    cursor.execute("ALTER TABLE raw_usage ADD PRIMARY KEY (known)")


def _copy(cursor, table: str, source: int, target: int) -> str:  # type: ignore[no-untyped-def]
    """A table of the rows to write; return its columns."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
        "ORDER BY ordinal_position",
        [table],
    )
    names = [name for (name,) in cursor.fetchall()]
    values = {name: f'row."{name}"' for name in names} | {"reseller_id": str(target)}
    values |= {name: value for name, value in _NEW.items() if name in names}
    chosen = ", ".join(f'{value} AS "{name}"' for name, value in values.items())
    cursor.execute(
        f"CREATE TEMP TABLE raw_{table} AS SELECT {chosen}, "
        f"((SELECT place FROM raw_center WHERE known = {_TABLES[table]}) - 1) / {_CHUNK} AS chunk "
        f"FROM {table} row WHERE reseller_id = %s ORDER BY chunk",
        [source],
    )
    cursor.execute(f"CREATE INDEX ON raw_{table} (chunk)")
    return ", ".join(f'"{name}"' for name in names)

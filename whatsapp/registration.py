"""Hooks into `centers`: menus, parts of pages, archived centers, the Jobs page, the search."""

from collections.abc import Iterable
from dataclasses import astuple
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from centers.audit.messages import register_words
from centers.models import AuditEntry, Center, Reseller, User
from centers.notifications.destinations import on_pause_or_resume
from centers.notifications.registry import ChannelEntry, Setup, register_channel
from centers.queries import Numbers, register_counter
from centers.queue.dispatch import enqueue
from centers.queue.heartbeats import register_queue
from centers.queue.job_runs import register_job
from centers.tenancy import lifecycle, team
from centers.tenancy.permissions import Permission
from centers.web.center_export import Columns, register_columns
from centers.web.first_steps import Step, register_step
from centers.web.fragments import register_fragments
from centers.web.navigation import register_sections, register_within
from centers.web.search import SHOWN_PER_KIND, Hit, is_true, register
from whatsapp import audit_actions, navigation
from whatsapp.alerts.acts import unassign_all
from whatsapp.alerts.events import register_listener
from whatsapp.channels.template_channel import TemplateChannel, accept
from whatsapp.instances import archive_instance, restore_instance
from whatsapp.models import Connection, Instance, MazbotAccount
from whatsapp.notifications import kinds, link_actions, report_section
from whatsapp.notifications.channels import keep_alert
from whatsapp.notifications.listener import hear
from whatsapp.queries import numbers_by_center, with_phone


def count_cells(center_ids: list[int]) -> dict[int, tuple[object, ...]]:
    """The cells of COUNTS of each center that has numbers."""
    return {pk: astuple(numbers) for pk, numbers in numbers_by_center(center_ids).items()}


COUNTS = Columns(
    order=10,
    labels=(_("Numbers"), _("Connected"), _("Down"), _("Disabled")),
    cells=count_cells,
    none=astuple(Numbers()),
)


CHANNEL = ChannelEntry(
    name="whatsapp",
    label=_("WhatsApp"),
    order=20,
    channel=TemplateChannel(),
    setup=Setup(
        label=_("Phone number"),
        accept=accept,
        help=_("The number of a phone with WhatsApp."),
        icon="brand-whatsapp",
    ),
)


def connect() -> None:
    """Called once, from the app's ready()."""
    lifecycle.on_archive(archive_numbers)
    lifecycle.on_restore(restore_numbers)
    team.on_staff_removed(unassign_all)
    register(find_instances)
    register_sections(*navigation.SECTIONS)
    for name, path in navigation.WITHIN.items():
        register_within(name, path)
    register_fragments(*navigation.FRAGMENTS)
    register_counter(numbers_by_center)
    register_channel(CHANNEL)
    register_columns(COUNTS)
    register_words(
        sentences=audit_actions.SENTENCES,
        nouns=audit_actions.NOUNS,
        facts=audit_actions.FACTS,
        codes=audit_actions.CODES,
    )
    for step in first_steps():
        register_step(step)
    for part in (kinds, report_section, link_actions):
        part.connect()
    register_listener(hear)
    on_pause_or_resume(keep_alert)
    register_queue(order=10, name="interactive", label=_("Pairing, “Run now”"))
    register_queue(order=20, name="control", label=_("Enabling and disabling numbers"))
    register_queue(order=40, name="sweep", label=_("Checking numbers"))
    register_queue(order=45, name="background", label=_("Imports, webhooks, reminders"))
    register_jobs()


def register_jobs() -> None:
    """The jobs of this app on the Jobs page."""
    register_job(
        "status",
        _("Connection status"),
        Permission.VIEW,
        _("All the time, as often as the account's request limit allows"),
        lambda reseller_id: enqueue("whatsapp.check_everyone", reseller_id=reseller_id),
        items_have_alerts=True,
    )
    register_job(
        "switching",
        _("Enabling and disabling numbers, and resetting webhook addresses"),
        Permission.VIEW,
        _("Immediately, then again until MazBot confirms"),
        lambda reseller_id: enqueue("whatsapp.switch", reseller_id=reseller_id),
        items_have_alerts=True,
    )
    register_job(
        "webhooks",
        _("Events from MazBot"),
        Permission.VIEW,
        _("Within seconds of arriving"),
        lambda reseller_id: enqueue("whatsapp.process_events", reseller_id=reseller_id),
    )


def first_steps() -> tuple[Step, ...]:
    """Setup steps of a new reseller in this app: the account before the centers, pairing after them."""
    return (
        Step(
            order=10,
            title=_("Connect your MazBot account"),
            text=_("Enter the address, API key and a staff login. “Test connection” shows what's wrong."),
            url_name="settings_mazbot",
            permission=Permission.MANAGE_SETTINGS,
            done=lambda reseller_id: MazbotAccount.objects.filter(last_ok_at__isnull=False).exists(),
        ),
        Step(
            order=40,
            title=_("Pair the first number"),
            text=_("Open a number on the board and scan the code with its phone."),
            url_name="board",
            permission=Permission.PAIR,
            done=lambda reseller_id: Instance.objects.filter(connection=Connection.CONNECTED).exists(),
        ),
    )


def archive_numbers(center: Center, by: User | None, now: datetime) -> None:
    """Archive the center's numbers with it; the same timestamp marks them as archived together."""
    for instance in Instance.objects.select_related("center", "reseller").filter(
        center=center, archived_at=None
    ):
        archive_instance(instance=instance, by=by, now=now)


def restore_numbers(center: Center, by: User | None, now: datetime) -> None:
    """Restore the numbers that were archived together with the center, not those archived before."""
    together = (
        AuditEntry.objects.filter(
            reseller=center.reseller, action="center.archived", target_type="center", target_id=str(center.pk)
        )
        .order_by("-at", "-pk")
        .values_list("at", flat=True)
        .first()
    )
    for instance in Instance.objects.filter(center=center, archived_at=together).exclude(archived_at=None):
        instance.center = center
        restore_instance(instance=instance, by=by, now=now)


def find_instances(reseller: Reseller, permissions: frozenset[Permission], text: str) -> Iterable[Hit]:
    """Numbers by instance id, label or phone number; each has a trigram index."""
    numbers = Instance.objects.select_related("center").filter(
        Q(instance_id__icontains=text) | Q(label__name_holds=text) | with_phone(text)
    )
    exact = Q(instance_id__iexact=text) | Q(label__named=text) | Q(whatsapp_number=f"+{text.lstrip('+0')}")
    numbers = numbers.annotate(exact=is_true(exact))
    for instance in numbers.order_by("instance_id", "pk")[:SHOWN_PER_KIND]:
        yield Hit(
            kind=_("Number"),
            title=str(instance),
            url=reverse("instance", args=[reseller.slug, instance.pk]),
            detail=" · ".join(
                filter(None, [instance.instance_id, instance.whatsapp_number, str(instance.center)])
            ),
            icon="brand-whatsapp",
            exact=instance.exact,
        )

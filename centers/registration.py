"""This app's own entries in the menus and parts of pages."""

from django.utils.translation import gettext_lazy as _

from centers.notifications import failing_jobs, log, reports, verification
from centers.notifications.channels import apprise, push, webhook
from centers.notifications.channels.apprise import AppriseChannel
from centers.notifications.channels.email import EmailChannel
from centers.notifications.channels.push import PushChannel
from centers.notifications.channels.webhook import WebhookChannel
from centers.notifications.destinations import contact_address_changed
from centers.notifications.registry import ChannelEntry, Setup, register_channel
from centers.queue.heartbeats import register_queue
from centers.tenancy import lifecycle
from centers.tenancy.permissions import Permission
from centers.web.fragments import Fragment, register_fragments
from centers.web.navigation import Menu, Section, register_sections

SECTIONS = (
    Section(
        menu=Menu.NUMBERS,
        order=10,
        name="staff_home",
        label=_("Home"),
        icon="home",
        permission=Permission.VIEW,
    ),
    Section(
        menu=Menu.NUMBERS,
        order=30,
        name="center_list",
        label=_("Centers"),
        icon="building-store",
        permission=Permission.VIEW,
    ),
    Section(
        menu=Menu.OPERATIONS,
        order=10,
        name="jobs",
        label=_("Jobs"),
        icon="list-check",
        permission=Permission.VIEW_JOBS,
    ),
    Section(
        menu=Menu.OPERATIONS,
        order=15,
        name="notification_log",
        label=_("Notifications"),
        icon="send",
        permission=Permission.VIEW_JOBS,
    ),
    Section(
        menu=Menu.OPERATIONS,
        order=20,
        name="team",
        label=_("Team"),
        icon="users",
        permission=Permission.MANAGE_TEAM,
    ),
    Section(
        menu=Menu.OPERATIONS,
        order=30,
        name="audit",
        label=_("Audit log"),
        icon="history",
        permission=Permission.VIEW_AUDIT,
    ),
    Section(
        menu=Menu.OPERATIONS,
        order=40,
        name="settings",
        label=_("Settings"),
        icon="settings",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=10,
        name="settings",
        label=_("General"),
        icon="adjustments",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=40,
        name="settings_branding",
        label=_("Branding"),
        icon="palette",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=43,
        name="settings_email",
        label=_("Email"),
        icon="mail",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=45,
        name="settings_notifications",
        label=_("Notifications"),
        icon="bell",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=47,
        name="settings_texts",
        label=_("Texts"),
        icon="message-2",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=50,
        name="settings_security",
        label=_("Security"),
        icon="shield-lock",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.PORTAL,
        order=10,
        name="portal_home",
        label=_("My numbers"),
        icon="brand-whatsapp",
        permission=Permission.PORTAL_VIEW,
    ),
)
FRAGMENTS = (
    Fragment(place="home.wide", order=20, name="home_jobs"),
    Fragment(place="center.tabs", order=40, name="center_audit", label=_("Audit log"), icon="history"),
    Fragment(place="center.end", order=10, name="center_people"),
    Fragment(place="portal.end", order=10, name="portal_people"),
)

CHANNELS = (
    ChannelEntry(name="email", label=_("Email"), order=10, channel=EmailChannel(), own_address=True),
    ChannelEntry(
        name="push",
        label=_("Browser push"),
        order=30,
        channel=PushChannel(),
        counts=True,
        setup=Setup(
            label=_("Subscription"),
            accept=push.accept,
            help=_("Messages appear on this device, also while Markaz is closed."),
            icon="device-mobile",
            form="centers/notifications/push.html",
            for_team=False,
        ),
    ),
    ChannelEntry(
        name="apprise",
        label=_("Slack, Telegram and others"),
        order=40,
        channel=AppriseChannel(),
        setup=Setup(
            label=_("Address"),
            accept=apprise.accept,
            help=_(
                "The webhook address that Slack, Teams or Discord shows you, or an Apprise address of another service, "
                "such as tgram://TOKEN/CHAT (Telegram), ntfy://TOPIC (ntfy) or pover://USER@TOKEN (Pushover)."
            ),
            icon="messages",
        ),
    ),
    ChannelEntry(
        name="webhook",
        label=_("Webhook"),
        order=50,
        channel=WebhookChannel(),
        setup=Setup(
            label=_("Address"),
            accept=webhook.accept,
            help=_(
                "An https address of your own program. It receives each message as JSON, signed as Standard Webhooks "
                "describes."
            ),
            icon="webhook",
        ),
    ),
)


def connect() -> None:
    """Called once, from the app's ready()."""
    register_sections(*SECTIONS)
    register_fragments(*FRAGMENTS)
    register_queue(order=50, name="mail", label=_("Email and notifications"))
    lifecycle.on_email_changed(contact_address_changed)
    log.connect()
    verification.connect()
    reports.connect()
    failing_jobs.connect()
    for entry in CHANNELS:
        register_channel(entry)

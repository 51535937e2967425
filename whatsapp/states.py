"""What each state of a number and some alerts mean and what to do about them, for staff and for centers."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp.models import OFF, Alert, Condition, Connection


@dataclass(frozen=True, slots=True)
class Advice:
    """Two sentences: what it means, and what to do; `step` is empty where there is nothing to do."""

    meaning: str | Promise
    step: str | Promise = ""


_UNKNOWN = Advice(
    _("MazBot reported a status that Markaz doesn't know, twice in a row."),
    _("Check the number at MazBot, and report the status to support."),
)
#: For the reseller's staff.
ADVICE: dict[str, Advice] = {
    Connection.CONNECTED: Advice(_("The phone is connected.")),
    Connection.DISCONNECTED: Advice(
        _("The phone was disconnected, so the number can't send or receive messages."),
        _("Pair the phone again, or send the center a pairing link."),
    ),
    Connection.EXPIRED: Advice(
        _("The phone's session expired, so the number can't send or receive messages."),
        _("Pair the phone again, or send the center a pairing link."),
    ),
    Connection.PAIRING: Advice(
        _("Someone is pairing a phone right now."), _("Wait until the phone has scanned the code.")
    ),
    Connection.UNKNOWN: _UNKNOWN,
    Alert.Kind.UNKNOWN_STATUS: _UNKNOWN,
    Connection.UNCHECKED: Advice(_("MazBot hasn't been asked about this number yet.")),
    Condition.NOT_PAIRED: Advice(
        _("No phone has been connected to this number yet."),
        _("Pair a phone, or send the center a pairing link."),
    ),
    Condition.NEEDS_QR: Advice(
        _(
            "The phone was logged out: MazBot is waiting for a QR code to be scanned, and no one has requested one."
        ),
        _("Pair the phone again, or send the center a pairing link."),
    ),
    Condition.FLAPPING: Advice(
        _("The connection was lost three times within an hour, so single drops aren't reported."),
        _("Check the phone's battery, its internet connection and its WhatsApp app."),
    ),
    Condition.STALE: Advice(
        _("MazBot reports it as connected, but the phone hasn't been seen for longer than usual."),
        _("Send a test message to it, and pair the phone again if the message doesn't arrive."),
    ),
    Condition.SILENT: Advice(
        _("It is connected, but had far fewer messages yesterday than it usually has on that weekday."),
        _("Ask the center whether that was intended, and send a test message."),
    ),
    Condition.FAILING: Advice(
        _("It is connected, but far more messages failed yesterday than usual."),
        _("Check the recipients and templates, and whether WhatsApp has restricted the number."),
    ),
    OFF: Advice(_("The number is disabled at MazBot, so it isn't watched.")),
    Alert.Kind.NOT_FOUND: Advice(
        _("MazBot doesn't recognize the ID of this number, so Markaz can't check it."),
        _("Correct the ID, or archive the number if it no longer exists at MazBot."),
    ),
    Alert.Kind.SWITCH_UNCONFIRMED: Advice(
        _("MazBot hasn't confirmed that the number was enabled or disabled. Markaz keeps trying."),
        _("If this lasts, contact MazBot's support."),
    ),
    Alert.Kind.WEBHOOK_UNCONFIRMED: Advice(
        _("MazBot hasn't confirmed the webhook address of this number. Markaz keeps trying."),
        _("If this lasts, contact MazBot's support."),
    ),
    Alert.Kind.PROVIDER_FAILING: Advice(
        _(
            "Statuses may be out of date. While this lasts, no alerts open for single numbers, and no center is "
            "suspended."
        ),
        _("If MazBot doesn't recover soon, contact its support."),
    ),
    Alert.Kind.NUMBERS_DROPPED: Advice(
        _(
            "The cause is probably at MazBot or WhatsApp, not the phones. While this lasts, no alerts open for "
            "single numbers, and no center is suspended."
        ),
        _("If the numbers don't come back soon, contact MazBot's support."),
    ),
    Alert.Kind.ACCOUNT_REFUSED: Advice(
        _("Until this is corrected, numbers can't be checked, paired, enabled or disabled."),
        _("Enter the login and the API key again in the MazBot settings."),
    ),
    Alert.Kind.ACCOUNT_LIMITED: Advice(
        _("Until MazBot accepts requests again, statuses are out of date."),
        _("Check the request limit in the MazBot settings, and whether another program uses the account."),
    ),
    Alert.Kind.BILLING_BLOCKED: Advice(
        _("The invoice waits, and so do those of later months."),
        _(
            "Open the invoice: there you can fetch or waive missing days, and accept or dismiss usage that needs a "
            "decision."
        ),
    ),
    Alert.Kind.CHANNEL_DEAD: Advice(
        _("An address doesn't accept messages, so nothing more is sent to it."),
        _("Correct it, or resume sending if it's right."),
    ),
}
#: For the center's own people; other states have their own text on the card.
PORTAL_ADVICE: dict[str, Advice] = {
    Connection.DISCONNECTED: Advice(
        _("This number can't send or receive messages."), _("Pair the phone again.")
    ),
    Connection.EXPIRED: Advice(_("This number can't send or receive messages."), _("Pair the phone again.")),
    Connection.PAIRING: Advice(_("Waiting for the phone to scan a code.")),
    Connection.UNKNOWN: Advice(
        _("The status of this number is currently unknown."), _("Contact your provider if this lasts.")
    ),
    Condition.NOT_PAIRED: Advice(
        _("No phone has been connected to this number yet."), _("Pair your phone to start using it.")
    ),
    Condition.NEEDS_QR: Advice(
        _("The phone was logged out, so this number can't send or receive messages."),
        _("Pair the phone again."),
    ),
    Condition.FLAPPING: Advice(
        _("The connection of this number was lost several times within an hour."),
        _("Check the phone's battery, its internet connection and its WhatsApp app."),
    ),
    Condition.STALE: Advice(
        _("The phone of this number hasn't been seen for longer than usual."),
        _("Open WhatsApp on the phone, and pair it again if messages don't arrive."),
    ),
    Condition.SILENT: Advice(
        _("This number had far fewer messages yesterday than usual."),
        _("If you didn't expect that, send a test message."),
    ),
    Condition.FAILING: Advice(
        _("Far more messages of this number failed yesterday than usual."),
        _("Check your recipients, or contact your provider."),
    ),
}

"""Where MazBot sends the events of a number: set by people, and reset when the number leaves its center.

MazBot keeps the address: without a reset, a number that moved would continue sending the messages of its new center
to the server of the old one. So the address is reset to this install's own, repeated until MazBot confirms it (by
retries.py). While that is due, `webhook_url` is empty.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from centers import live
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Reseller, User
from centers.outbound.addresses import check_public_url
from centers.queue.dispatch import enqueue_on_commit
from centers.stored_messages import StoredMessage as _
from centers.values.page_urls import page_url
from whatsapp.accounts import account_of, client_for, explain, note_error, note_success
from whatsapp.mazbot import Lane, MazBot, MazBotError
from whatsapp.models import Alert, Instance, MazbotAccount
from whatsapp.service.retries import RetryQueue, ask, held, reschedule, settle

FORWARDING = RetryQueue("webhook", Alert.Kind.WEBHOOK_UNCONFIRMED)


def own_webhook_url(account: MazbotAccount) -> str:
    """The URL at which this install receives the account's webhooks; it contains the account's secret."""
    return page_url("webhook_in", account.webhook_path_token)


def is_ours(url: str, reseller: Reseller) -> bool:
    """Whether `url` is this install's own address for the reseller's account."""
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    return account is not None and account.webhook_path_token in url


def set_webhook(*, instance: Instance, url: str, by: User | None, now: datetime) -> None:
    """Have MazBot send the number's events to `url`, or to this install's own address for the account.

    Raises OperationRefused for an address that is not public, for an archived number, while another call is under way,
    and when MazBot refuses; the old address stays then.
    """
    if instance.archived_at:
        raise OperationRefused(_("This number is archived. Restore it first."))
    account = account_of(instance.reseller)
    address = url.strip()
    if address != own_webhook_url(account):
        address = check_public_url(address)
    with held(FORWARDING.claim, instance, now) as mine:
        if not mine:
            raise OperationRefused(_("The address is being changed at MazBot. Try again in a few minutes."))
        _ask_for_person(instance, account, address, now)
        with transaction.atomic():
            left = _left_meanwhile(instance, by, now)
            if not left:
                _confirmed(instance, address, now)
                _record(
                    "webhook.set", instance, by, now, url=_shown(address, address == own_webhook_url(account))
                )
    if left:
        raise OperationRefused(
            _("The number was moved or archived in the meantime, so the address wasn't saved.")
        )


def reset_webhook_url(*, instance: Instance, by: User | None, now: datetime) -> bool:
    """Have MazBot send the number's events here and no longer to its center's address; False if it already does.

    Also if no address is known: one may have been set before this install, or by a call whose answer was lost.
    Stored with its audit entry in the caller's transaction; MazBot is asked within seconds of the commit.
    """
    with transaction.atomic():
        row = _locked(instance)
        ours = is_ours(row.webhook_url, row.reseller)
        if row.webhook_next_at or (ours and not _is_doubtful(row)):
            return False
        _make_due(row, now)
        _record("webhook.reset_requested", row, by, now, url=_shown(row.webhook_url, ours))
        enqueue_on_commit("whatsapp.switch", reseller_id=row.reseller_id)
    return True


def send_webhook_url_again(*, instance: Instance, now: datetime) -> None:
    """Set the address again for a number whose id was corrected: MazBot stored it for another number.

    Runs in the caller's transaction.
    """
    row = _locked(instance)
    if row.webhook_url:
        _make_due(row, now)
        enqueue_on_commit("whatsapp.switch", reseller_id=row.reseller_id)


def tell(instance: Instance, account: MazbotAccount, client: MazBot, now: datetime) -> str:
    """Send MazBot this install's own address for one number, claimed by us; "" if it confirmed, else why not."""
    address = own_webhook_url(account)
    answer = ask(
        account,
        lambda: client.set_webhook(instance.instance_id, address, priority=Lane.CONTROL, deadline=20),
        now,
    )
    why = explain(answer) if isinstance(answer, MazBotError) else ""
    with transaction.atomic():
        row = _locked(instance)
        if isinstance(answer, MazBotError):
            reschedule(FORWARDING, row, answer, why, now)
            row.version += 1
            row.save(update_fields=[*FORWARDING.columns, "version"])
            live.publish(row.reseller_id, "instances", centers=(row.center_id,))
        elif row.instance_id == instance.instance_id:  # after a correction the id is another number at MazBot
            _confirmed(row, address, now)
            _record("webhook.voided_periods", row, None, now)
    return why


def _ask_for_person(instance: Instance, account: MazbotAccount, address: str, now: datetime) -> None:
    try:
        client_for(account).set_webhook(instance.instance_id, address, priority=Lane.PERSON, deadline=8)
    except MazBotError as error:
        message = explain(error, by_hand=True)
        note_error(account, error, now=now)
        Instance.objects.filter(pk=instance.pk).update(webhook_error=message, version=F("version") + 1)
        raise OperationRefused(message) from error
    note_success(account, now=now)


def _left_meanwhile(instance: Instance, by: User | None, now: datetime) -> bool:
    """Whether the number left its center during the call; then the address is made due for a reset."""
    row = _locked(instance)
    if (row.center_id, row.instance_id) == (instance.center_id, instance.instance_id) and not row.archived_at:
        return False
    _make_due(row, now)
    return True


def _is_doubtful(row: Instance) -> bool:
    """Whether MazBot may have another address than we know: a call failed, is under way or was interrupted."""
    return bool(row.webhook_error or row.webhook_claimed_until)


def _make_due(row: Instance, now: datetime) -> None:
    Instance.objects.filter(pk=row.pk).update(
        webhook_url="",
        webhook_set_at=None,
        webhook_error="",
        webhook_attempts=0,
        webhook_next_at=now,
        version=F("version") + 1,
    )


def _confirmed(instance: Instance, address: str, now: datetime) -> None:
    settle(FORWARDING, instance, now)
    Instance.objects.filter(pk=instance.pk).update(
        webhook_url=address,
        webhook_set_at=now,
        version=F("version") + 1,
        **{column: getattr(instance, column) for column in FORWARDING.columns},
    )


def _locked(instance: Instance) -> Instance:
    rows = Instance.objects.select_for_update(of=("self",)).select_related("center", "reseller")
    return rows.get(pk=instance.pk)


def _record(action: str, instance: Instance, by: User | None, now: datetime, **data: str) -> None:
    entries.record(
        action,
        reseller=instance.reseller,
        by=by,
        target=instance,
        center=instance.center,
        now=now,
        topics=("instances",),
        **data,
    )


def _shown(address: str, ours: bool) -> str:
    """The address for the audit entry, without the secret in our own one."""
    return _("this system") if ours else address

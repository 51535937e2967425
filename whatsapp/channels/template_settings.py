"""Choosing which template carries which messages, and trying one."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation

from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import check_fields
from centers.models import Reseller, User
from centers.notifications.message import Action, Message
from centers.stored_messages import StoredMessage as _
from centers.values.phones import whatsapp_digits
from whatsapp.accounts import account_of, client_for, note_success
from whatsapp.channels.filling import MOST_VARIABLES, PARTS, filled
from whatsapp.channels.problems import explained
from whatsapp.mazbot import Lane, TemplateError
from whatsapp.models import TemplateSetting

#: Seconds a person waits for a slot of the request budget.
_PATIENCE = 10.0


def template_for(*, kind: str, language: str) -> TemplateSetting | None:
    """The template of a message, of the scope's reseller; None while there is none at all.

    One in the message's language goes before one in another, one for its kind before the one for all kinds.
    """
    rows = TemplateSetting.objects.filter(kind__in=(kind, "")).select_related("reseller")
    rows = rows.defer("reseller__logo").order_by("language")
    return min(rows, key=lambda row: (row.language != language, row.kind != kind), default=None)


def save_template(
    *,
    reseller: Reseller,
    kind: str,
    language: str,
    template_id: str,
    variables: Iterable[str],
    by: User,
    now: datetime,
) -> TemplateSetting:
    """Set the template of one kind of message ("": of all kinds without their own) in one language.

    Raises OperationRefused for a template ID that is not one, and for unknown or too many variables.
    """
    parts = list(variables)
    if len(parts) > MOST_VARIABLES or not set(parts) <= PARTS.keys():
        raise OperationRefused(_("Choose the variables from the list."))
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).only("pk").get(pk=reseller.pk)
        found = TemplateSetting.objects.filter(reseller=reseller, kind=kind, language=language).first()
        row = found or TemplateSetting(reseller=reseller, kind=kind, language=language)
        row.template_id, row.variables = template_id, parts
        check_fields(row)
        row.save()
        entries.record(
            "message_template.saved",
            reseller=reseller,
            by=by,
            target=row,
            now=now,
            language=language,
            message_kind=kind,
            variables=parts,
        )
    return row


def remove_template(*, setting: TemplateSetting, by: User, now: datetime) -> None:
    """Remove the setting; the template itself stays at MazBot."""
    with transaction.atomic():
        entries.record(
            "message_template.removed",
            reseller=setting.reseller,
            by=by,
            target=setting,
            now=now,
            language=setting.language,
            message_kind=setting.kind,
        )
        setting.delete()


def send_test(*, setting: TemplateSetting, phone: str, by: User, now: datetime) -> None:
    """Send the template to `phone` (E.164) with sample values; a person waits for it.

    Raises OperationRefused with what is wrong. Call it outside a transaction.
    """
    reseller = setting.reseller
    account = account_of(reseller)
    values = filled(setting.variables, sample(reseller, setting.language))
    entries.record("message_template.tested", reseller=reseller, by=by, target=setting, now=now, phone=phone)
    try:
        client_for(account).send_template(
            setting.template_id, whatsapp_digits(phone), values, priority=Lane.PERSON, deadline=_PATIENCE
        )
    except TemplateError as error:
        raise OperationRefused(explained(error, setting.template_id)) from error
    note_success(account, now=now)


def sample(reseller: Reseller, language: str) -> Message:
    """What a test says, in the template's language."""
    with translation.override(language):
        return Message(
            key="test",
            kind="",
            language=language,
            subject=str(_("Test message")),
            text=str(
                _("WhatsApp messages work. You sent this test from the settings of %(name)s.")
                % {"name": reseller.name}
            ),
            actions=(Action(str(_("Open Markaz")), settings.SITE_URL),),
            sender=reseller.name,
            reseller_id=reseller.pk,
        )

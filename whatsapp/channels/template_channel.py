"""WhatsApp messages from the reseller's own MazBot account."""

from django.core.exceptions import ValidationError

from centers import clock
from centers.errors import OperationRefused
from centers.notifications.message import Accepted, ChannelError, Message
from centers.stored_messages import StoredMessage as _
from centers.tenancy.scoping import tenant
from centers.values.phones import normalise_phone, whatsapp_digits
from whatsapp.accounts import account_of, client_for, note_error, note_success
from whatsapp.channels.filling import filled
from whatsapp.channels.problems import AFTER, channel_error
from whatsapp.channels.template_settings import template_for
from whatsapp.mazbot import TemplateError, TemplateProblem
from whatsapp.models import MazbotAccount, TemplateSetting

#: Problems of the account, not of one message: the pages about the account show them.
_OF_ACCOUNT = frozenset({TemplateProblem.LOGIN, TemplateProblem.LIMIT, TemplateProblem.PASSING})


def accept(phone: str, country: str) -> tuple[str, str]:
    """What is stored of a phone number that a person entered, and it for people. Raises OperationRefused."""
    try:
        number = normalise_phone(phone, country)
    except ValidationError as error:
        raise OperationRefused(" ".join(error.messages)) from error
    return number, number


class TemplateChannel:
    """Fulfills centers.notifications.message.Channel; a destination is a phone number in E.164 or its digits.

    Each message needs `reseller_id`. A slot of the account's request budget is waited for up to 30 s, without a lock
    or a database connection; when none comes, `retry_after` says when to try again.
    """

    def send(self, message: Message, destination: str) -> Accepted:
        """Send the template of the message's kind and language once. Raises ChannelError."""
        account, setting = self._settings(message)
        try:
            sent = client_for(account).send_template(
                setting.template_id, whatsapp_digits(destination), filled(setting.variables, message)
            )
        except TemplateError as error:
            if error.problem in _OF_ACCOUNT:
                with tenant(message.reseller_id):
                    note_error(account, error, now=clock.now())
            raise channel_error(error, setting.template_id) from error
        with tenant(message.reseller_id):
            note_success(account, now=clock.now())
        return Accepted(provider_id=sent.message_id, answer=sent.message)

    @staticmethod
    def _settings(message: Message) -> tuple[MazbotAccount, TemplateSetting]:
        with tenant(message.reseller_id):
            setting = template_for(kind=message.kind, language=message.language)
            if setting is None:
                raise ChannelError(
                    _(
                        "No WhatsApp template is set up for this message. Choose one in the settings, under "
                        "WhatsApp messages."
                    ),
                    permanent=True,
                )
            try:
                return account_of(setting.reseller), setting
            except OperationRefused as error:
                raise ChannelError(
                    _("No MazBot account is set up yet. The owner can connect one in the settings."),
                    retry_after=AFTER[TemplateProblem.LOGIN],
                ) from error

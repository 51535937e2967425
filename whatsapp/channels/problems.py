"""Why a WhatsApp message was not sent, in words, and whether trying again helps."""

from django.utils.translation import gettext_noop as _

from centers.notifications.message import ChannelError
from centers.stored_messages import StoredMessage, together
from whatsapp.accounts import explain
from whatsapp.mazbot import TemplateError, TemplateProblem

SENTENCES = {
    TemplateProblem.TEMPLATE: _(
        "MazBot doesn't know the template “%(template)s”, or WhatsApp hasn't approved it. Check its ID and its "
        "status at MazBot."
    ),
    TemplateProblem.VARIABLES: _(
        "The template “%(template)s” doesn't accept the variables that were sent. Check how many it has, and "
        "in which order."
    ),
    TemplateProblem.NUMBER: _(
        "This phone number can't receive WhatsApp messages. Check that it's right and that it has WhatsApp."
    ),
    TemplateProblem.QUOTA: _(
        "The account can't send more messages now: MazBot's quota is used up, or WhatsApp limits it. Check the quota "
        "at MazBot."
    ),
}
_MAYBE_SENT = _("The message may have arrived anyway.")

#: Seconds until another try makes sense, where MazBot named no time.
AFTER: dict[TemplateProblem, float] = {TemplateProblem.QUOTA: 1800, TemplateProblem.LOGIN: 1200}
#: No retry helps the message: a person has to change a setting first.
_PERMANENT = frozenset(
    {
        TemplateProblem.TEMPLATE,
        TemplateProblem.VARIABLES,
        TemplateProblem.NUMBER,
        TemplateProblem.REFUSED,
    }
)


def explained(error: TemplateError, template: str) -> StoredMessage:
    """What went wrong, what it means and what to do, for people; `template` is the id that was sent."""
    known = SENTENCES.get(error.problem)
    said = StoredMessage(known) % {"template": template} if known else explain(error, by_hand=True)
    return together([said, StoredMessage(_MAYBE_SENT)] if error.unsure else [said])


def channel_error(error: TemplateError, template: str) -> ChannelError:
    """The error as a channel reports it; a number without WhatsApp is dead until a person acts."""
    after = error.retry_after if error.retry_after is not None else AFTER.get(error.problem)
    return ChannelError(
        explained(error, template),
        answer=error.message,
        permanent=error.problem in _PERMANENT,
        dead=error.problem is TemplateProblem.NUMBER,
        unsure=error.unsure,
        retry_after=after,
    )

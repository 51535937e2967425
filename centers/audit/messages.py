"""What was done, as a message: “Amal archived the center Noor Clinic”.

Each app registers the messages of its own actions with `register_words`; %(who)s and %(what)s are filled in, nothing
else: further facts of an entry stand beside its message.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.models import AuditEntry, Role
from centers.values.countries import country_name
from centers.values.formats import day_text, month_text
from centers.values.languages import active_language
from centers.values.languages import labels as language_labels

_sentences: dict[str, str | Promise] = {
    "center.created": gettext_lazy("%(who)s added the center %(what)s"),
    "center.edited": gettext_lazy("%(who)s changed the center %(what)s"),
    "center.archived": gettext_lazy("%(who)s archived the center %(what)s"),
    "center.restored": gettext_lazy("%(who)s restored the center %(what)s"),
    "reseller.created": gettext_lazy("%(who)s set up %(what)s"),
    "reseller.edited": gettext_lazy("%(who)s changed the settings"),
    "reseller.logo_set": gettext_lazy("%(who)s set the logo"),
    "reseller.logo_removed": gettext_lazy("%(who)s removed the logo"),
    "invitation.sent": gettext_lazy("%(who)s invited %(what)s"),
    "invitation.resent": gettext_lazy("%(who)s resent the invitation to %(what)s"),
    "invitation.revoked": gettext_lazy("%(who)s revoked the invitation of %(what)s"),
    "member.joined": gettext_lazy("%(who)s accepted an invitation"),
    "member.role_changed": gettext_lazy("%(who)s changed the role of %(what)s"),
    "member.removed": gettext_lazy("%(who)s removed %(what)s"),
    "address.proven": gettext_lazy(
        "%(who)s confirmed their email address; earlier ways to sign in were removed"
    ),
    "second_factor.reset_started": gettext_lazy("%(who)s started a reset of their two-factor sign-in"),
    "second_factor.reset_canceled": gettext_lazy("%(who)s canceled the reset of their two-factor sign-in"),
    "second_factor.reset": gettext_lazy("Two-factor sign-in was removed for %(what)s"),
    "notifications.changed": gettext_lazy("%(who)s changed which messages they get: %(what)s"),
    "notifications.changed_for_all": gettext_lazy("%(who)s changed which messages the team gets: %(what)s"),
    "notifications.sent_again": gettext_lazy("%(who)s sent a notification again: %(what)s"),
    "notifications.reset": gettext_lazy("%(who)s reset which messages they get: %(what)s"),
    "destination.added": gettext_lazy("%(who)s set up a destination for notifications: %(what)s"),
    "message_text.saved": gettext_lazy("%(who)s changed the text of a message: %(what)s"),
    "message_text.reset": gettext_lazy("%(who)s reset the text of a message: %(what)s"),
    "destination.verified": gettext_lazy("%(who)s verified a destination for notifications: %(what)s"),
    "destination.changed": gettext_lazy("%(who)s chose what goes to a destination: %(what)s"),
    "destination.resumed": gettext_lazy("%(who)s resumed a destination for notifications: %(what)s"),
    "destination.removed": gettext_lazy("%(who)s removed a destination for notifications: %(what)s"),
    "destination.paused": gettext_lazy(
        "%(who)s paused a destination for notifications, because it doesn't accept messages: %(what)s"
    ),
    "email.tested": gettext_lazy("%(who)s sent a test email"),
    "share.mailed": gettext_lazy("%(who)s sent a link by email"),
    "share.undelivered": gettext_lazy("The email with a link from %(who)s was not accepted by a mail server"),
    "job.run": gettext_lazy("%(who)s started the job %(what)s"),
}
_nouns: dict[str, str | Promise] = {
    "center": gettext_lazy("centers"),
    "reseller": gettext_lazy("settings"),
    "invitation": gettext_lazy("invitations"),
    "member": gettext_lazy("people"),
    "address": gettext_lazy("email addresses"),
    "second_factor": gettext_lazy("two-factor sign-in"),
    "notifications": gettext_lazy("notifications"),
    "message_text": gettext_lazy("texts of messages"),
    "destination": gettext_lazy("destinations of notifications"),
    "email": gettext_lazy("email"),
    "share": gettext_lazy("links sent by email"),
    "job": gettext_lazy("jobs"),
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Labels of facts that are not model fields.
_facts: dict[str, str | Promise] = {
    "reason": gettext_lazy("reason"),
    "because": gettext_lazy("reason"),
    "before": gettext_lazy("before"),
    "fields": gettext_lazy("changed"),
    "values": gettext_lazy("values"),
    "count": gettext_lazy("count"),
    "after": gettext_lazy("now"),
    "country_id": gettext_lazy("MazBot country ID"),
    "notify_by": gettext_lazy("by"),
    "centers": gettext_lazy("centers"),
    "owner": gettext_lazy("owner"),
    "language": gettext_lazy("language"),
    "factors": gettext_lazy("removed sign-in methods"),
}
#: Labels of values stored as codes.
_codes: dict[str, str | Promise] = {
    "totp": gettext_lazy("authenticator app"),
    "recovery_codes": gettext_lazy("recovery codes"),
    "webauthn": gettext_lazy("security key"),
    "True": gettext_lazy("yes"),
    "False": gettext_lazy("no"),
}


#: Models whose rows are named by their day or month; a center can be called “2026-11” as well.
_dated: set[str] = set()


def register_words(
    *,
    sentences: Mapping[str, str | Promise],
    nouns: Mapping[str, str | Promise],
    facts: Mapping[str, str | Promise],
    codes: Mapping[str, str | Promise],
    dated: Iterable[str] = (),
) -> None:
    """Add an app's messages, and its labels of subjects, facts and stored codes; called from its ready().

    `dated` are the models whose rows are named by their day or month.
    """
    _dated.update(dated)
    _sentences.update(sentences)
    _nouns.update(nouns)
    _facts.update(facts)
    _codes.update(codes)


def entry_message(event: AuditEntry) -> str:
    """One entry in the active language. An action without a registered message is shown by its own name."""
    who = str(event.actor or "") or event.actor_label or _("Markaz")
    what = _target(event) or str(event.data.get("what", ""))
    pattern = _sentences.get(event.action)
    if pattern is None:
        noun, _dot, verb = event.action.replace("_", " ").partition(".")
        return f"{who}: {noun} {verb} {what}".strip()
    return str(pattern) % {"who": who, "what": what}


def _target(event: AuditEntry) -> str:
    """What the entry is about; a day or a month as people write it."""
    label: str = event.target_label
    if event.target_type not in _dated:
        return label
    month = len(label) == len("2026-11")
    day = date.fromisoformat(f"{label}-01" if month else label)
    return month_text(day) if month else day_text(day)


def changes(event: AuditEntry) -> list[tuple[str, str, str]]:
    """(field, old, new) of an entry, ready to show; and further facts as (name, "", value)."""
    changed = event.data.get("changes")
    # An entry without a target is about what its action names: `billing_policy.changed`.
    model = event.target_type or event.action.partition(".")[0].replace("_", "")
    rows = [
        (_label(model, name), _shown(model, name, pair[0]), _shown(model, name, pair[1]))
        for name, pair in (changed.items() if isinstance(changed, dict) else ())
        if isinstance(pair, list) and len(pair) == 2
    ]
    facts = {
        name: value
        for name, value in event.data.items()
        if name not in ("changes", "what") and value not in (None, "", [], {})
    }
    if isinstance(facts.get("fields"), list):
        facts["fields"] = [_label(model, name) for name in facts["fields"]]
    return rows + [(_label(model, name), "", _shown(model, name, value)) for name, value in facts.items()]


def areas() -> list[tuple[str, str]]:
    """(noun, its name) of every registered action, for the filter of the page."""
    nouns = {action.partition(".")[0] for action in _sentences}
    return sorted(((noun, capfirst(_noun(noun))) for noun in nouns), key=lambda pair: pair[1])


def _noun(noun: str) -> str:
    return str(_nouns.get(noun, noun.replace("_", " ")))


def _label(model_name: str, field: str) -> str:
    if field in _facts:
        return capfirst(str(_facts[field]))
    model_field = _field(model_name, field)
    return capfirst(str(model_field.verbose_name) if model_field is not None else field.replace("_", " "))


def _field(model_name: str, name: str) -> Any:
    """The field `name` of our model `model_name`, in any app; None when there is none."""
    for config in apps.get_app_configs():
        if model_name in config.models:
            try:
                model_field = config.models[model_name]._meta.get_field(name)
            except FieldDoesNotExist:
                return None
            return model_field if hasattr(model_field, "verbose_name") else None
    return None


def _shown(model_name: str, name: str, value: Any) -> str:
    # The texts are of entries from before empty values were kept as such.
    if value in (None, "", [], "[]", "None"):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "role" and value in Role.values:
        return str(Role(value).label)
    if isinstance(value, dict):
        return active_language().comma.join(
            f"{_label(model_name, key)}: {_shown(model_name, key, part)}" for key, part in value.items()
        )
    if isinstance(value, list):
        # A list of center ids means nothing to a person; their number does.
        return (
            str(len(value))
            if name == "centers"
            else active_language().comma.join(str(_codes.get(str(part), part)) for part in value)
        )
    if name == "country":
        labels: dict[Any, Any] = {value: country_name(str(value))}
    else:
        labels = dict(language_labels()) if name == "language" else _choices(model_name, name)
    return _days_in_words(str(labels.get(value) or _codes.get(str(value), value)))


def _days_in_words(text: str) -> str:
    """A day as people write it; what only looks like one stays as it was typed."""
    if not _DAY.fullmatch(text):
        return text
    try:
        return day_text(date.fromisoformat(text))
    except ValueError:
        return text


def _choices(model_name: str, name: str) -> dict[Any, Any]:
    return dict(getattr(_field(model_name, name), "flatchoices", ()))

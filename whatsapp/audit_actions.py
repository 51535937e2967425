"""Labels of this app's actions in the audit log."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "mazbot_account.changed": _("%(who)s changed the MazBot account"),
    "instance.added": _("%(who)s added the number %(what)s"),
    "instance.changed": _("%(who)s changed the number %(what)s"),
    "instance.moved": _("%(who)s moved the number %(what)s to another center"),
    "instance.archived": _("%(who)s archived the number %(what)s"),
    "instance.restored": _("%(who)s restored the number %(what)s"),
    "import.done": _("%(who)s imported centers and numbers"),
    "alert.acknowledged": _("%(who)s acknowledged the alert %(what)s"),
    "alert.acknowledged_many": _("%(who)s acknowledged several alerts"),
    "alert.snoozed": _("%(who)s snoozed the alert %(what)s"),
    "alert.snoozed_many": _("%(who)s snoozed several alerts"),
    "alert.assigned": _("%(who)s assigned the alert %(what)s"),
    "alert.assigned_many": _("%(who)s assigned several alerts"),
    "alert.noted": _("%(who)s added a note to the alert %(what)s"),
    "alert.resolved": _("%(who)s resolved the alert %(what)s"),
    "alert.resolved_many": _("%(who)s resolved several alerts"),
    "maintenance.planned": _("%(who)s planned maintenance: %(what)s"),
    "maintenance.canceled": _("%(who)s canceled maintenance: %(what)s"),
    "maintenance.ended": _("%(who)s ended maintenance early: %(what)s"),
    "pairing.started": _("%(who)s requested a code to pair %(what)s"),
    "pairing_link.created": _("%(who)s created a pairing link for %(what)s"),
    "pairing_link.revoked": _("%(who)s revoked the pairing links of %(what)s"),
    "service.disable_requested": _("%(who)s requested to disable %(what)s"),
    "service.enable_requested": _("%(who)s requested to enable %(what)s"),
    "service.disable_withdrawn": _("%(who)s didn't suspend %(what)s: it's no longer overdue"),
    "service.disabled": _("MazBot confirmed that %(what)s is disabled"),
    "service.enabled": _("MazBot confirmed that %(what)s is enabled"),
    "service.unconfirmed": _("MazBot didn't confirm the state of %(what)s"),
    "message_template.saved": _("%(who)s set the WhatsApp template %(what)s"),
    "message_template.removed": _("%(who)s removed the WhatsApp template %(what)s"),
    "message_template.tested": _("%(who)s sent a test with the WhatsApp template %(what)s"),
    "webhook.set": _("%(who)s set the webhook address of %(what)s"),
    "webhook.reset_requested": _("%(who)s reset the webhook address of %(what)s"),
    "webhook.voided_periods": _("MazBot confirmed that it sends the events of %(what)s here"),
}

#: Labels of their subjects, for the filter of the page.
NOUNS = {
    "instance": _("numbers"),
    "service": _("service"),
    "alert": _("alerts"),
    "maintenance": _("maintenance"),
    "pairing": _("pairing"),
    "pairing_link": _("pairing links"),
    "webhook": _("webhooks"),
    "import": _("imports"),
    "message_template": _("WhatsApp templates"),
    "mazbot_account": _("MazBot account"),
}

#: Labels of facts that are not model fields.
FACTS = {
    "raw": _("Response from MazBot"),
    "instances": _("numbers"),
    "import": _("import"),
    "snoozed_until": _("snoozed until"),
    "assigned_to": _("assigned to"),
    "note_text": _("note"),
    "alert_filters": _("all that matched"),
    "alert_state": _("state"),
    "alert_kind": _("kind of alert"),
    "only_number": _("only the number"),
    "searched_for": _("searched for"),
    "via": _("requested from"),
    "billed_from": _("billed from"),
    "split": _("today's usage fetched for the move"),
    "message_kind": _("messages"),
}

#: Labels of values stored as codes.
CODES = {
    "non_payment": _("not paid"),
    "manual": _("manually"),
    "archived": _("archived"),
    "enabled": _("enabled"),
    "disabled": _("disabled"),
    "unconfirmed": _("not confirmed"),
    "staff": _("Staff"),
    "portal": _("Portal"),
    "link": _("Shared link"),
}

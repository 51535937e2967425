"""Mails to centers become messages of the outbox: those that wait are sent from there, the others are its log."""

from django.db import migrations, models

_FORTH = """
UPDATE billing_reminder SET skipped = true WHERE mail_id IS NULL;

WITH mails AS (
    SELECT mail.*, invoice.number,
           CASE WHEN split_part(key, ':', 1) IN ('suspended', 'resumed') THEN 'suspension:' ELSE 'invoice:' END
               || split_part(key, ':', 2) AS about,
           CASE split_part(key, ':', 1)
               WHEN 'invoice' THEN 'issued'
               WHEN 'reminder' THEN split_part(key, ':', 3)
               ELSE split_part(key, ':', 1)
           END AS event,
           CASE mail.kind
               WHEN 'invoice' THEN 'invoice.issued'
               WHEN 'credit_note' THEN 'credit_note.issued'
               WHEN 'reminder' THEN 'invoice.reminder'
               WHEN 'warning' THEN 'invoice.warning'
               ELSE 'center.' || mail.kind
           END AS message_kind
      FROM billing_outgoingmail mail LEFT JOIN billing_invoice invoice ON invoice.id = mail.invoice_id
)
INSERT INTO centers_notification (
    reseller_id, center_id, address, channel, lane, key, kind, "group", about, event, state, language, context,
    created_at, due_at, attempts, sent_at, error, subject
)
SELECT reseller_id, center_id, "to", 'email', 'email:c' || center_id,
       about || ':' || event || ':email:c' || center_id, message_kind, 'center_mails', about, event,
       CASE WHEN state IN ('waiting', 'sent') THEN state ELSE 'failed' END, language,
       jsonb_build_object('number', coalesce(number, ''), 'body', body),
       created_at, next_try_at, attempts, sent_at,
       CASE WHEN state = 'no_address'
           THEN '{"say": "The center has no email address. Enter one, then send it again.", "with": null}'
           ELSE error
       END, subject
  FROM mails
 ORDER BY id;

DELETE FROM billing_jobschedule WHERE job = 'mail';
DELETE FROM centers_jobrun WHERE job = 'mail';
SET CONSTRAINTS ALL IMMEDIATE;
"""
#: What the version before cannot send again has the subject, or the document's number, as its text.
_BACK = """
INSERT INTO billing_outgoingmail (
    reseller_id, center_id, key, kind, "to", language, subject, body, invoice_id, state, created_at, next_try_at,
    attempts, error, sent_at
)
SELECT message.reseller_id, message.center_id,
       CASE
           WHEN message.event = 'issued' THEN message.about
           WHEN message.event IN ('suspended', 'resumed')
               THEN message.event || ':' || split_part(message.about, ':', 2)
           ELSE 'reminder:' || split_part(message.about, ':', 2) || ':' || message.event
       END,
       CASE message.kind
           WHEN 'invoice.issued' THEN 'invoice'
           WHEN 'credit_note.issued' THEN 'credit_note'
           ELSE split_part(message.kind, '.', 2)
       END,
       coalesce(nullif(message.address, ''), center.email),
       coalesce(nullif(message.language, ''), center.language),
       coalesce(nullif(message.subject, ''), message.context ->> 'number', reseller.name),
       coalesce(message.context ->> 'body', nullif(message.subject, ''), message.context ->> 'number', reseller.name),
       CASE WHEN message.about LIKE 'invoice:%' THEN split_part(message.about, ':', 2)::bigint END,
       CASE
           WHEN message.state IN ('waiting', 'sent') THEN message.state
           WHEN message.state = 'spam' THEN 'sent'
           WHEN coalesce(nullif(message.address, ''), center.email) = '' THEN 'no_address'
           ELSE 'failed'
       END,
       message.created_at, message.due_at, message.attempts, message.error, message.sent_at
  FROM centers_notification message
  JOIN centers_center center ON center.id = message.center_id
  JOIN centers_reseller reseller ON reseller.id = message.reseller_id
 WHERE message."group" = 'center_mails' AND message.state <> 'dropped'
 ORDER BY message.id;

UPDATE billing_reminder reminder SET mail_id = mail.id
  FROM billing_outgoingmail mail
 WHERE mail.reseller_id = reminder.reseller_id AND NOT reminder.skipped
   AND mail.key = 'reminder:' || reminder.invoice_id || ':' || reminder.step;

DELETE FROM centers_notificationtry WHERE notification_id IN (
    SELECT id FROM centers_notification WHERE "group" = 'center_mails'
);
DELETE FROM centers_notification WHERE "group" = 'center_mails';
SET CONSTRAINTS ALL IMMEDIATE;
"""
_PAIR = "billing_outgoingmail_center_of_reseller"


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_rate_lists_wait"),
        ("centers", "0006_names_that_look_the_same"),
    ]

    operations = [
        migrations.AddField(
            model_name="reminder",
            name="skipped",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(_FORTH, _BACK),
        migrations.RunSQL(
            f"ALTER TABLE billing_outgoingmail DROP CONSTRAINT {_PAIR};",
            f"ALTER TABLE billing_outgoingmail ADD CONSTRAINT {_PAIR} FOREIGN KEY (reseller_id, center_id) "
            "REFERENCES centers_center (reseller_id, id) DEFERRABLE INITIALLY DEFERRED;",
        ),
        migrations.RemoveField(model_name="reminder", name="mail"),
        migrations.DeleteModel(name="OutgoingMail"),
    ]

"""Names are told apart by one function of the database; names hold no control characters."""

from django.db import migrations


# In this order: unseen marks, compatibility forms, tatweel and vowel marks, case (up and down again, as the dotless
# i and the final sigma have a capital in common with another letter), the dot that a capital i left behind, digits,
# space. The collation is named, so that every database has the same rule whatever its own is.
KEY = r"""
CREATE FUNCTION name_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(
    translate(
        regexp_replace(
            lower(upper(
                regexp_replace(
                    normalize(
                        regexp_replace(
                            name,
                            '[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]+',
                            '', 'g'
                        ),
                        NFKC
                    ),
                    '[\u0640\u064b-\u0652\u0670]+', '', 'g'
                ) COLLATE pg_catalog.pg_c_utf8
            )),
            'i\u0307', 'i', 'g'
        ),
        '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', '01234567890123456789'
    ),
    '\s+', ' ', 'g'
))
"""

TIDY = r"""
UPDATE {table} SET {column} = btrim(regexp_replace(normalize({column}, NFC), '[\s\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g'))
WHERE {column} <> btrim(regexp_replace(normalize({column}, NFC), '[\s\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g'))
"""
NAMES = [
    ("centers_reseller", "name"),
    ("centers_reseller", "support_contact"),
    ("centers_center", "name"),
    ("centers_center", "contact_name"),
    ("centers_user", "name"),
]


class Migration(migrations.Migration):
    dependencies = [("centers", "0005_sentences")]

    operations = [
        migrations.RunSQL(KEY, "DROP FUNCTION name_key(text)"),
        migrations.RunSQL(
            [TIDY.format(table=table, column=column) for table, column in NAMES], migrations.RunSQL.noop
        ),
    ]

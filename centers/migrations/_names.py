"""The rule that says which names are the same, whatever keyboard they were typed on."""

from django.db import migrations

# Unicode's Default_Ignorable_Code_Point: fonts draw nothing for them; and the marks around interlinear notes.
_UNSEEN = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Tatweel, the vowel marks of Arabic and the small signs of recitation. Maddah and hamza make other letters and stay.
_OPTIONAL = (
    r"\u0640\u0610-\u061a\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
)
# What looks the same -> the characters that do.
_ALIKE = {
    "-": "\u02d7\u058a\u05be\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e3a\u2e3b",
    "'": "\u02b9\u02bb\u02bc\u02be\u02bf\u2018\u2019\u201b\u2032`",
    '"': "\u201c\u201d\u201e\u201f",
    " ": "\u2800",
    # The yeh of Persian keyboards looks like the Arabic one inside a word, and like alef maksura at its end.
    "\u064a": "\u06cc\u0649",
    "\u0643": "\u06a9\u06aa",
    "\u0647": "\u06be\u06c1\u06d5",
    "\u0629": "\u06c3",
} | {str(digit): chr(0x660 + digit) + chr(0x6F0 + digit) for digit in range(10)}
_OTHERS = "".join(_ALIKE.values())
_PLAIN = "".join(plain * len(others) for plain, others in _ALIKE.items()).replace("'", "''")

# In this order: what is not seen (an acute accent on its own first: compatibility makes it a space and a mark),
# compatibility forms, what is optional, look-alikes, composition again, case (up and down, as the dotless i and the
# final sigma have a capital in common with another letter), the dot that a capital i left behind, space. The
# collation is named, so that every database has the same rule whatever its own is.
KEY = rf"""
CREATE FUNCTION name_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(
    regexp_replace(
        lower(upper(
            normalize(
                translate(
                    regexp_replace(
                        normalize(
                            translate(regexp_replace(name, '[{_UNSEEN}]+', '', 'g'), '´', ''''),
                            NFKC
                        ),
                        '[{_UNSEEN}{_OPTIONAL}]+', '', 'g'
                    ),
                    '{_OTHERS}', '{_PLAIN}'
                ),
                NFC
            ) COLLATE pg_catalog.pg_c_utf8
        )),
        'i\u0307', 'i', 'g'
    ),
    '\s+', ' ', 'g'
))
"""
# Before the tables: their indexes and constraints call it.
OPERATIONS = [migrations.RunSQL(KEY, "DROP FUNCTION name_key(text)")]

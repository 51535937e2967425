"""Which numbers a search of the board finds: by id, label, phone number, or the center's name and contact.

An alternative across two tables is tried on every row: the trigram indexes serve each part alone. Few numbers are found
by their keys, by one statement; many are met soon while the list is read in its order.
"""

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

from centers.models import Center, Reseller
from centers.values.names import NameHolds
from centers.web.search import matching_centers, phone_part
from whatsapp.models import Instance
from whatsapp.queries import with_phone

FEW = 1_000  # numbers that a search lists by their keys
_NUMBERS = "(SELECT id FROM whatsapp_instance WHERE reseller_id = %(reseller)s AND {} LIMIT %(most)s)"
_CENTERS = "center_id IN (SELECT id FROM centers_center WHERE reseller_id = %(reseller)s AND ({}))"
_ID = "UPPER(instance_id)::text LIKE %(id)s"
_LABEL = NameHolds.pattern.format(left="label", right="%(text)s")
_CONTACT = [
    NameHolds.pattern.format(left="name", right="%(text)s"),
    NameHolds.pattern.format(left="contact_name", right="%(text)s"),
    "UPPER(email::text) LIKE UPPER(%(contains)s)",
]
_PHONE = "UPPER({}::text) LIKE %(phone)s"  # digits; the part about '' is that of the index


def _statement(*parts: str) -> str:
    return " UNION ".join(_NUMBERS.format(part) for part in parts) + " LIMIT %(most)s"


#: What `matching_centers` and `with_phone` say, without Django's time for writing it.
_TEXT = _statement(_ID, _LABEL, _CENTERS.format(" OR ".join(_CONTACT)))
_DIGITS = _statement(
    _ID,
    _LABEL,
    _CENTERS.format(" OR ".join([*_CONTACT, _PHONE.format("phone")])),
    f"whatsapp_number <> '' AND {_PHONE.format('whatsapp_number')}",
)


def few_found(text: str, reseller: Reseller) -> list[int] | None:
    """The keys of the reseller's numbers that match `text`; None if they are more than FEW."""
    digits = phone_part(text)
    values: dict[str, str | int] = {
        "reseller": reseller.pk,
        "most": FEW + 1,
        "text": text,
        "id": f"%{connection.ops.prep_for_like_query(text.upper())}%",
        "contains": f"%{connection.ops.prep_for_like_query(text)}%",
        "phone": f"%{digits}%",
    }
    with connection.cursor() as cursor:
        cursor.execute(_DIGITS if digits else _TEXT, values)
        keys = [pk for (pk,) in cursor.fetchall()]
    return keys if len(keys) <= FEW else None


def that_hold(rows: "QuerySet[Instance]", text: str, reseller: Reseller) -> "QuerySet[Instance]":
    """Those of `rows` that match `text`, however many they are."""
    centers = Center.objects.filter(matching_centers(text), reseller=reseller).order_by()
    return rows.annotate(upper_id=Upper("instance_id")).filter(
        Q(upper_id__contains=text.upper())
        | Q(label__name_holds=text)
        | with_phone(text)
        | Q(center__in=centers.values("pk"))
    )

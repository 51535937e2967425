"""How many numbers a reseller has in each state, from the changes that the database notes (migrations/_counts.py)."""

from django.db import connection

from centers.models import Reseller

_READ = """
SELECT state, switching, sum(count)::bigint FROM whatsapp_statecount WHERE reseller_id = %s
GROUP BY state, switching HAVING sum(count) <> 0
"""
# One statement: another that reads meanwhile sees the rows from before or from after it. Rows that are written
# meanwhile stay for the next time.
_ADD_UP = """
WITH old AS (
    DELETE FROM whatsapp_statecount
    WHERE reseller_id IN (SELECT reseller_id FROM whatsapp_statecount WHERE NOT added_up)
    RETURNING reseller_id, state, switching, count
)
INSERT INTO whatsapp_statecount (reseller_id, state, switching, count, added_up)
SELECT reseller_id, state, switching, sum(count), true FROM old
GROUP BY reseller_id, state, switching HAVING sum(count) <> 0
"""


def state_counts(reseller: Reseller) -> list[tuple[str, bool, int]]:
    """State, whether a switch of the service waits for MazBot, and how many numbers in use are in both."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [reseller.pk])
        return list(cursor.fetchall())


def add_up() -> None:
    """Replace each reseller's noted changes by their sums, so that there are never many."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP)

"""References that look the same: those that were recorded before this was refused stay as they are, marked."""

#: A written row is never changed, so the triggers that see to it are off while the mark is set.
MARK = """
ALTER TABLE {table} DISABLE TRIGGER {table}_frozen;
UPDATE {table} SET looks_repeated = true FROM (
    SELECT id, row_number() OVER (PARTITION BY reseller_id, name_key(reference) ORDER BY id) AS place
    FROM {table} WHERE {which}
) AS ranked WHERE ranked.id = {table}.id AND ranked.place > 1;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE {table} ENABLE TRIGGER {table}_frozen;
"""
MARKS = [
    MARK.format(table="billing_payment", which="true"),
    MARK.format(table="billing_ledgerentry", which="kind = 'refund'"),
]

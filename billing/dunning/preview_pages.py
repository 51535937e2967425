"""A page of the expected suspensions: the database finds those that rules alone decide, however many there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from billing.dunning.plan import PREVIEW_DAYS, Planned, planned_among, whole_days
from billing.dunning.reminded import acting_holds
from billing.dunning.suspension import first_possible_day
from billing.models import CenterPolicy, CreditTerms, DunningPolicy
from billing.periods import today
from billing.policies import Policy, general_policy, named_policy
from centers.models import Reseller
from whatsapp.alerts.maintenance import planned_for_all, planned_for_some

#: What centers may have as exceptions that change the day of their suspension.
_OWN_RULES = ("suspend", "grace_days", "minimum_amount", "quiet_weekdays", "quiet_dates")
_GENERAL = 0  # stands for the rules without a name
# A center's first turn is the day on which what is overdue beyond its grace days reaches the least amount in one of its
# currencies. On which day it is suspended then, the same for all that follow these rules, the caller knows.
_PLAIN = """
WITH debts AS (
    SELECT i.center_id, r.rules, r.least, i.due_on + r.grace AS turn,
           sum(i.open_amount) OVER (PARTITION BY i.center_id, i.currency ORDER BY i.due_on) AS amount
      FROM billing_invoice i
      LEFT JOIN billing_centerpolicy p ON p.center_id = i.center_id
      JOIN unnest(%(rules)s::bigint[], %(graces)s::int[], %(leasts)s::numeric[]) AS r (rules, grace, least)
        ON r.rules = coalesce(p.dunning_policy_id, 0)
     WHERE i.reseller_id = %(reseller)s AND i.open_amount > 0 AND i.due_on < %(due_before)s
       AND i.due_on + r.grace <= %(last)s AND i.center_id <> ALL(%(others)s::bigint[])
       AND NOT EXISTS (SELECT 1 FROM billing_dispute d WHERE d.invoice_id = i.id AND d.closed_at IS NULL)
), first AS (
    SELECT center_id, rules, greatest(min(turn), %(day)s) AS turn
      FROM debts WHERE amount >= least GROUP BY center_id, rules
)
SELECT d.suspended_on, c.name, c.id, count(*) OVER ()
  FROM first
  JOIN unnest(%(of_rules)s::bigint[], %(turns)s::date[], %(days)s::date[]) AS d (rules, turn, suspended_on)
       USING (rules, turn)
  JOIN centers_center c ON c.id = first.center_id
 WHERE c.archived_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM billing_suspension s WHERE s.center_id = c.id AND s.ended_at IS NULL)
 ORDER BY d.suspended_on, c.name COLLATE "C", c.id LIMIT %(limit)s
"""
_Place = tuple[date, str, int]  # day, name and id of the center


@dataclass(slots=True)
class Preview:
    """What `preview` (plan.py) returns, a part at a time; `total` is how many there are, known after a part."""

    reseller: Reseller
    now: datetime
    days: int = PREVIEW_DAYS
    total: int = 0

    def part(self, begin: int, count: int) -> list[Planned]:
        """At most `count` from the place `begin` on, in a fixed number of queries.

        All centers that have rules, holds, maintenance or limits of their own are judged one by one; of the others only
        those of the part.
        """
        others = self._others()
        own = {item.center.pk: item for item in self._judged(others)}
        places = sorted((item.on, item.center.name, item.center.pk) for item in own.values())
        found, count_of_found = self._plain(others, begin + count)
        self.total = len(places) + count_of_found
        part = sorted((*places, *found))[begin : begin + count]
        shown = own | {
            item.center.pk: item for item in self._judged([pk for *_on, pk in part if pk not in own])
        }
        return [shown[pk] for *_on, pk in part if pk in shown]

    @property
    def _last(self) -> date:
        return today(self.reseller, self.now) + timedelta(days=self.days)

    def _judged(self, centers: list[int]) -> list[Planned]:
        found = planned_among(self.reseller, self.now, centers) if centers else []
        return [item for item in found if item.on <= self._last]

    def _others(self) -> list[int]:
        """Ids of the centers that more than the general or named rules decide about."""
        exceptions = Q(*((f"{name}__isnull", False) for name in _OWN_RULES), _connector=Q.OR)
        ids = CenterPolicy.objects.filter(exceptions, reseller=self.reseller).order_by().values_list("center")
        held = acting_holds().filter(reseller=self.reseller).order_by().values_list("center")
        limited = CreditTerms.objects.filter(reseller=self.reseller, level=CreditTerms.Level.EMPTY)
        own = ids.union(held, limited.order_by().values_list("center"))
        return [pk for (pk,) in own] + sorted(planned_for_some(self.reseller, self.now))

    def _plain(self, others: list[int], limit: int) -> tuple[list[_Place], int]:
        """The first of the others in their order, and how many there are."""
        turns = list(self._turns())
        if not turns:
            return [], 0
        kept = {key: rules for key, rules, _turn, _on in turns}
        values: dict[str, Any] = {
            "reseller": self.reseller.pk,
            "day": today(self.reseller, self.now),
            "last": self._last,
            "due_before": self._last - timedelta(days=min(rules.grace_days for rules in kept.values()) - 1),
            "others": others,
            "rules": list(kept),
            "graces": [rules.grace_days for rules in kept.values()],
            "leasts": [Decimal(rules.minimum_amount) for rules in kept.values()],
            "of_rules": [key for key, _rules, _turn, _on in turns],
            "turns": [turn for _key, _rules, turn, _on in turns],
            "days": [on for _key, _rules, _turn, on in turns],
            "limit": limit,
        }
        with connection.cursor() as cursor:
            cursor.execute(_PLAIN, values)
            rows = cursor.fetchall()
        return [(on, name, pk) for on, name, pk, _count in rows], rows[0][3] if rows else 0

    def _turns(self) -> Iterator[tuple[int, Policy, date, date]]:
        """For each rules and first turn in these days: the day on which a center is suspended, if it is one of them."""
        first = today(self.reseller, self.now)
        closed = frozenset(whole_days(planned_for_all(self.reseller, self.now), self.reseller, self.now))
        for key, rules in self._rules():
            for turn in (first + timedelta(days=days) for days in range(self.days + 1)):
                on = first_possible_day(turn, rules, closed)
                if rules.suspend and on is not None and on <= self._last:
                    yield key, rules, turn, on

    def _rules(self) -> Iterator[tuple[int, Policy]]:
        general = general_policy(self.reseller)
        yield _GENERAL, general
        for row in DunningPolicy.objects.filter(reseller=self.reseller):
            yield row.pk, named_policy(general, row)

"""Checking an imported sheet against itself and against what is there already."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db.models import Field

from centers.models import Center, Reseller
from centers.names import NameKey, name_keys
from centers.sentences import Sentence as _
from centers.sentences import of_error
from centers.validators import normalise_phone
from whatsapp.csvfile import COLUMNS, Row, RowError, Sheet
from whatsapp.models import Instance

CENTER_FIELDS = ("contact_name", "email", "phone", "country_id", "currency", "language")
_LABELS = {"center": "name"}


@dataclass(slots=True)
class Plan:
    """Rows in order, cleaned; `new_centers` maps the key of a center's name to its fields as the file has them."""

    rows: list[tuple[int, Row]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    new_centers: dict[str, Row] = field(default_factory=dict)


def plan_import(reseller: Reseller, sheet: Sheet) -> Plan:
    """What the sheet would add. Needs an open scope; four queries, however many rows."""
    plan = Plan(errors=list(sheet.errors))
    for line, row in sheet.rows:
        plan.rows.append((line, _cleaned(line, row, plan.errors)))
    _check_instances(reseller, plan)
    _merge_centers(reseller, plan, name_keys(row["center"] for _line, row in plan.rows))
    plan.errors.sort(
        key=lambda error: (error.line, COLUMNS.index(error.field) if error.field in COLUMNS else -1)
    )
    return plan


def _known_centers(reseller: Reseller) -> dict[str, Center]:
    """The centers by what the database compares their names by."""
    rows = Center.objects.filter(reseller=reseller).annotate(key=NameKey("name"))
    return {center.key: center for center in rows.iterator()}


def _cleaned(line: int, row: Row, errors: list[RowError]) -> Row:
    clean = dict(row)
    clean["currency"] = row["currency"].upper()
    clean["language"] = row["language"].lower()
    try:
        clean["phone"] = normalise_phone(row["phone"])
    except ValidationError as error:
        errors.append(RowError(line, "phone", of_error(error)))
    for name in ("center", "instance_id"):
        if not row[name]:
            errors.append(RowError(line, name, _("This must not be empty.")))
    for name in ("center", "contact_name", "email", "country_id", "currency", "language"):
        errors += _clean_cell(Center, name, clean, line)
    for name in ("instance_id", "label"):
        errors += _clean_cell(Instance, name, clean, line)
    return clean


def _clean_cell(model: type[Center] | type[Instance], name: str, row: Row, line: int) -> list[RowError]:
    """Put the value as its column would hold it into `row`, or say what is wrong with it."""
    value = row[name]
    if not value:
        return []
    column = model._meta.get_field(_LABELS.get(name, name))
    if not isinstance(column, Field):
        raise TypeError(f"{name} is not a column")
    allowed = [str(choice) for choice, _label in column.flatchoices]
    if allowed and value not in allowed:
        problem = _("“%(value)s” is not one of: %(allowed)s.")
        return [RowError(line, name, problem % {"value": value[:60], "allowed": ", ".join(allowed)})]
    try:
        row[name] = column.clean(value, None)
    except ValidationError as error:
        problem = _("“%(value)s”: %(problem)s") % {"value": value[:60], "problem": of_error(error)}
        return [RowError(line, name, problem)]
    return []


def _check_instances(reseller: Reseller, plan: Plan) -> None:
    seen: dict[str, int] = {}
    for line, row in plan.rows:
        instance_id = row["instance_id"]
        if instance_id and instance_id in seen:
            message = _("“%(id)s” is already in line %(line)s.") % {
                "id": instance_id,
                "line": seen[instance_id],
            }
            plan.errors.append(RowError(line, "instance_id", message))
        seen.setdefault(instance_id, line)
    known = Instance.objects.filter(reseller=reseller, instance_id__in=list(seen)).select_related("center")
    for instance in known:
        message = _("“%(id)s” already belongs to “%(center)s”.")
        problem = message % {"id": instance.instance_id, "center": instance.center}
        plan.errors.append(RowError(seen[instance.instance_id], "instance_id", problem))


def _merge_centers(reseller: Reseller, plan: Plan, keys: dict[str, str]) -> None:
    """Rows of one center must agree; what a row leaves empty it takes from the others."""
    existing = _known_centers(reseller)
    first_line: dict[str, int] = {}
    for line, row in plan.rows:
        key = keys[row["center"]]
        if not key:
            continue
        center = existing.get(key)
        if center is not None:
            plan.errors += _contradictions(line, row, center)
            continue
        known = plan.new_centers.setdefault(key, {"center": row["center"]})
        start = first_line.setdefault(key, line)
        for name in CENTER_FIELDS:
            other = known.get(name, "")
            if row[name] and other and row[name] != other:
                message = _("Line %(line)s has “%(other)s” for the same center.")
                plan.errors.append(RowError(line, name, message % {"line": start, "other": other}))
            elif row[name]:
                known[name] = row[name]
    for fields in plan.new_centers.values():
        fields["currency"] = fields.get("currency") or reseller.currency
        fields["language"] = fields.get("language") or reseller.language


def _contradictions(line: int, row: Row, center: Center) -> list[RowError]:
    """An import adds numbers to a center that exists; it does not change the center."""
    if center.archived_at:
        return [
            RowError(line, "center", _("“%(center)s” is archived. Restore it first.") % {"center": center})
        ]
    message = _("The center exists already with “%(other)s”. Edit it on its page, or leave this empty.")
    return [
        RowError(line, name, message % {"other": getattr(center, name)})
        for name in CENTER_FIELDS
        if row[name] and row[name] != getattr(center, name)
    ]

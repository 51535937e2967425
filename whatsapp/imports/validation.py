"""Checking an imported sheet for consistency and against the stored centers and numbers."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db.models import Field
from django.utils.translation import gettext_noop

from centers.models import Center, Reseller
from centers.stored_messages import StoredMessage as _
from centers.stored_messages import of_error
from centers.values.countries import country_of
from centers.values.names import NameKey, name_keys
from centers.values.phones import normalise_phone
from whatsapp.imports.cells import is_failed_formula, is_shortened, without_decimals
from whatsapp.imports.columns import COLUMNS
from whatsapp.imports.csv_reader import Row, RowError, Sheet
from whatsapp.models import Instance

CENTER_FIELDS = ("contact_name", "email", "phone", "country", "country_id", "currency", "language")
_LABELS = {"center": "name"}
_NAMES = ("center", "contact_name", "label")
_PHONES = ("phone", "whatsapp_number")
_CODES = (*_PHONES, "instance_id")


@dataclass(slots=True)
class Plan:
    """Cleaned rows in order; `new_centers` maps the key of a center's name to its fields in the file.

    `new_numbers` are the rows that add a number; `unchanged` counts the rows whose center and number already exist,
    `archived` how many of these are archived and stay so.
    """

    rows: list[tuple[int, Row]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    new_centers: dict[str, Row] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)  # of every name: centers, contacts and labels
    new_numbers: list[tuple[int, Row]] = field(default_factory=list)
    unchanged: int = 0
    archived: int = 0


def plan_import(reseller: Reseller, sheet: Sheet) -> Plan:
    """What the sheet would add. Needs an open scope; four queries for any number of rows."""
    plan = Plan(errors=list(sheet.errors))
    for line, row in sheet.rows:
        plan.rows.append((line, _cleaned(line, row, plan.errors)))
    plan.keys = name_keys(row[name] for _line, row in plan.rows for name in _NAMES)
    existing = _known_centers(reseller)
    known = _known_numbers(reseller, plan)
    refused = _read_phones(reseller, plan, existing, known)
    _check_instances(plan, existing, known)
    _merge_centers(reseller, plan, existing)
    _sort_rows(plan, existing, known)
    for row, name, phone in refused:
        row[name] = phone  # shown beside its error
    plan.errors.sort(
        key=lambda error: (error.line, COLUMNS.index(error.field) if error.field in COLUMNS else -1)
    )
    return plan


def _known_centers(reseller: Reseller) -> dict[str, Center]:
    """The centers by the key the database compares their names by."""
    rows = Center.objects.filter(reseller=reseller).annotate(
        key=NameKey("name"), contact_name_key=NameKey("contact_name")
    )
    return {center.key: center for center in rows.iterator()}


def _cleaned(line: int, row: Row, errors: list[RowError]) -> Row:
    """The row with every column except `instance_id`, which a file of centers may lack."""
    clean = dict.fromkeys(COLUMNS, "") | row
    if "instance_id" not in row:
        del clean["instance_id"]
    clean["currency"] = clean["currency"].upper()
    clean["language"] = clean["language"].lower()
    clean["country"] = country_of(clean["country"]) if clean["country"] else ""
    for name in _PHONES:
        clean[name] = without_decimals(clean[name])
    for name in ("center", "instance_id"):
        if not clean.get(name, "x"):
            errors.append(RowError(line, name, _("This can't be empty.")))
    for error in _spoiled(line, clean):
        errors.append(error)
        clean[error.field] = ""  # one error is enough
    for name in ("center", *CENTER_FIELDS):
        if name != "phone":
            errors += _clean_cell(Center, name, clean, line)
    for name in ("instance_id", "label"):
        errors += _clean_cell(Instance, name, clean, line)
    return clean


def _spoiled(line: int, row: Row) -> list[RowError]:
    """Errors for cells whose value a spreadsheet lost: formula errors, rounded long numbers."""
    errors = []
    for name, cell in row.items():
        if is_failed_formula(cell):
            problem = _("“%(value)s” is a spreadsheet error. Correct the formula, or type the value.")
            errors.append(RowError(line, name, problem % {"value": cell}))
        elif name in _CODES and is_shortened(cell):
            problem = _(
                "“%(value)s”: the spreadsheet shortened this number, and digits were lost. Format the "
                "column as text, type the number again, and save the file."
            )
            errors.append(RowError(line, name, problem % {"value": cell}))
    return errors


def _known_numbers(reseller: Reseller, plan: Plan) -> dict[str, Instance]:
    """The numbers of the file that already exist, by instance id."""
    ids = {row["instance_id"] for _line, row in plan.rows if row.get("instance_id")}
    rows = Instance.objects.filter(reseller=reseller, instance_id__in=ids).select_related("center")
    rows = rows.annotate(label_key=NameKey("label"))
    return {instance.instance_id: instance for instance in rows}


def _read_phones(
    reseller: Reseller, plan: Plan, existing: dict[str, Center], numbers: dict[str, Instance]
) -> list[tuple[Row, str, str]]:
    """Parse every phone by a country: the row's, its center's, another row's of the center, or the reseller's.

    Returns the rows whose phone was refused, with its column and the original text.
    """
    refused: list[tuple[Row, str, str]] = []
    stated: dict[str, str] = {}
    for _line, row in plan.rows:
        if row["country"]:
            stated.setdefault(plan.keys[row["center"]], row["country"])
    for line, row in plan.rows:
        key = plan.keys[row["center"]]
        center = existing.get(key)
        own = center.country if center is not None else ""
        country = row["country"] or own or stated.get(key) or reseller.country
        number = numbers.get(row.get("instance_id", ""))
        known = (center.phone if center else "", number.whatsapp_number if number else "")
        for name, phone in zip(_PHONES, known, strict=True):
            if _same_phone(row[name], phone):
                row[name] = phone
                continue
            try:
                row[name] = normalise_phone(row[name], country)
            except ValidationError as error:
                plan.errors.append(RowError(line, name, of_error(error)))
                refused.append((row, name, row[name]))
                row[name] = ""  # one error is enough
    return refused


def _same_phone(given: str, stored: str) -> bool:
    """Whether the file repeats the stored phone, with or without the plus that spreadsheets drop."""
    return given != "" and given.removeprefix("+") == stored.removeprefix("+")


def _clean_cell(model: type[Center] | type[Instance], name: str, row: Row, line: int) -> list[RowError]:
    """Put the value cleaned for its column into `row`, or add its error."""
    value = row.get(name, "")
    if not value:
        return []
    column = model._meta.get_field(_LABELS.get(name, name))
    if not isinstance(column, Field):
        raise TypeError(f"{name} is not a column")
    allowed = [str(choice) for choice, _label in column.flatchoices]
    if allowed and value not in allowed:
        problem = _("“%(value)s” isn't allowed. Use one of: %(allowed)s.")
        return [RowError(line, name, problem % {"value": value[:60], "allowed": ", ".join(allowed)})]
    try:
        row[name] = column.clean(value, None)
    except ValidationError as error:
        problem = _("“%(value)s”: %(problem)s") % {"value": value[:60], "problem": of_error(error)}
        return [RowError(line, name, problem)]
    return []


def _check_instances(plan: Plan, existing: dict[str, Center], known: dict[str, Instance]) -> None:
    """Refuse numbers that are twice in the file, belong to another center, or are stored otherwise."""
    seen: dict[str, tuple[int, Row]] = {}
    for line, row in plan.rows:
        instance_id = row.get("instance_id", "")
        if not instance_id:
            continue
        if instance_id in seen:
            message = _("“%(id)s” is already in line %(line)s.")
            problem = message % {"id": instance_id, "line": seen[instance_id][0]}
            plan.errors.append(RowError(line, "instance_id", problem))
        seen.setdefault(instance_id, (line, row))
    for instance in known.values():
        line, row = seen[instance.instance_id]
        center = existing.get(plan.keys[row["center"]])
        if center is None or center.pk != instance.center_id:
            message = _("“%(id)s” already belongs to “%(center)s”.")
            problem = message % {"id": instance.instance_id, "center": instance.center}
            plan.errors.append(RowError(line, "instance_id", problem))
            continue
        for name in ("label", "whatsapp_number"):
            stored = getattr(instance, name)
            if not _agrees(plan, row, name, instance):
                plan.errors.append(RowError(line, name, _differs(_NUMBER_DIFFERS, stored)))


def _merge_centers(reseller: Reseller, plan: Plan, existing: dict[str, Center]) -> None:
    """Rows of one center must agree; empty cells are filled from the center's other rows."""
    first_line: dict[str, int] = {}
    for line, row in plan.rows:
        key = plan.keys[row["center"]]
        if not key:
            continue
        center = existing.get(key)
        if center is not None:
            plan.errors += _contradictions(plan, line, row, center)
            continue
        known = plan.new_centers.setdefault(key, {"center": row["center"]})
        start = first_line.setdefault(key, line)
        for name in CENTER_FIELDS:
            other = known.get(name, "")
            if row[name] and other and _key(plan, name, row[name]) != _key(plan, name, other):
                message = _("Line %(line)s has “%(other)s” for the same center.")
                plan.errors.append(RowError(line, name, message % {"line": start, "other": other}))
            elif row[name] and not other:
                known[name] = row[name]
    for fields in plan.new_centers.values():
        for name in ("currency", "language", "country"):
            fields[name] = fields.get(name) or getattr(reseller, name)


def _key(plan: Plan, name: str, value: str) -> str:
    """What the values of this column are compared by."""
    return plan.keys[value] if name in _NAMES else value


def _agrees(plan: Plan, row: Row, name: str, stored: Center | Instance) -> bool:
    """Whether the cell is empty or says what is stored; names as the database compares them."""
    known = getattr(stored, f"{name}_key" if name in _NAMES else name)
    return not row[name] or _key(plan, name, row[name]) == known


def _contradictions(plan: Plan, line: int, row: Row, center: Center) -> list[RowError]:
    """An import adds numbers to an existing center but does not change the center."""
    return [
        RowError(line, name, _differs(_CENTER_DIFFERS, getattr(center, name)))
        for name in CENTER_FIELDS
        if not _agrees(plan, row, name, center)
    ]


_CENTER_DIFFERS = (
    gettext_noop("The center already exists with “%(other)s”. Edit it on its page, or leave this empty."),
    gettext_noop("The center already exists without this. Add it on its page, or leave this empty."),
)
_NUMBER_DIFFERS = (
    gettext_noop("The number already exists with “%(other)s”. Edit it on its page, or leave this empty."),
    gettext_noop("The number already exists without this. Add it on its page, or leave this empty."),
)


def _differs(sentences: tuple[str, str], stored: str) -> str:
    return _(sentences[0]) % {"other": stored} if stored else _(sentences[1])


def _sort_rows(plan: Plan, existing: dict[str, Center], known: dict[str, Instance]) -> None:
    """Separate the rows that add a number from those that change nothing; an archived center gets no numbers."""
    for line, row in plan.rows:
        center = existing.get(plan.keys[row["center"]])
        instance = known.get(row.get("instance_id", ""))
        archived = center is not None and center.archived_at is not None
        if row.get("instance_id") and instance is None:
            if archived:
                problem = _("“%(center)s” is archived. Restore it first.") % {"center": center}
                plan.errors.append(RowError(line, "center", problem))
            plan.new_numbers.append((line, row))
        elif center is not None:
            plan.unchanged += 1
            plan.archived += archived or (instance is not None and instance.archived_at is not None)

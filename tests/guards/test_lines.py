"""A line break or another control character gets into no text of one line, by any way in."""

import ast
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, models, transaction

from centers import clock
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User
from centers.models.fields import AddressField, CodeField, LineField, LinesField
from centers.secrets import SecretField
from centers.stored_messages import StoredMessageField
from centers.tenancy.lifecycle import FIELDS, create_center, edit_center
from centers.tenancy.resellers import edit_reseller
from centers.tenancy.scoping import tenant
from centers.values import fields
from tests.factories import CenterFactory, InstanceFactory, ResellerFactory
from tests.guards.addresses import all_addresses
from tests.guards.test_hostile_input import APPS, ROOT, _forms
from whatsapp.imports.csv_reader import COLUMNS
from whatsapp.imports.run import preview_import
from whatsapp.instances import add_instance, edit_instance
from whatsapp.models import Instance, MazbotAccount

CONTROLS = {
    "cr": "\r",
    "lf": "\n",
    "crlf": "\r\n",
    "nul": "\0",
    "u+2028": "\u2028",
    "bell": "\x07",
    "nel": "\x85",
}
EVIL = pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
#: Text of the product's own making, or from MazBot and shown only: never typed, never part of a header.
OURS = {
    "centers.Notification", "centers.NotificationTry", "centers.NotificationPreference.group",
    "centers.NotificationPreference.kind",
    "centers.MessageText.name", "centers.Destination.channel", "centers.Destination.fingerprint",
    "centers.AuditEntry", "centers.JobRun", "centers.Invitation.token_hash", "centers.Reseller.logo_version",
    "centers.Invitation.mail_token_hash", "centers.AddressCode",
    "whatsapp.WebhookEvent", "whatsapp.StatusInterval", "whatsapp.PairingAttempt", "whatsapp.PairingLink.token_hash",
    "whatsapp.ImportBatch.filename", "whatsapp.MazbotAccount.webhook_path_token",
    "whatsapp.MazbotAccount.last_error_kind", "whatsapp.Instance.raw_status", "whatsapp.Instance.check_error",
    "whatsapp.Instance.suspect_as",
    "whatsapp.Instance.confirmed_raw", "billing.Reminder", "billing.Suspension", "billing.UsageRecord",
    "billing.AccountUsageRecord", "billing.RateFetch", "billing.Rate", "billing.JobSchedule",
    "billing.InvoiceNumber", "billing.InvoiceLine", "billing.UsageCheck.problem",
    "billing.InvoiceTax", "billing.TaxRate.category", "billing.BankLine.fingerprint",
    "billing.DocumentLogo.version",
}  # fmt: skip


def form_fields() -> Iterator[tuple[str, forms.Field]]:
    """Every declared text field of our forms. Choices take what they offer, passwords are hashed as they are."""
    all_addresses()  # loads every view and so every form
    for form in _forms(forms.BaseForm):
        for name, field in getattr(form, "base_fields", {}).items():
            text = isinstance(field, forms.CharField) and not isinstance(field.widget, forms.PasswordInput)
            if text or isinstance(field, SimpleArrayField | forms.IntegerField | forms.DateField):
                yield f"{form.__name__}.{name}", field


@EVIL
def test_every_field_of_a_form_refuses_them(control: str) -> None:
    taken = []
    for name, field in form_fields():
        several = isinstance(field, fields.LinesField)
        if several and control not in "\0\x07":
            continue
        for text in (f"Evil{control}Bcc: x", f"1{control}2", f"a@b.example{control}c"):
            with suppress(ValidationError):
                taken.append(f"{name}: {field.clean(text)!r}")
    assert taken == [], "\n".join(taken)


@pytest.mark.parametrize("text", ["Evil\r\nBcc: x", "a\u2028b"])
def test_several_lines_are_kept_with_plain_breaks(text: str) -> None:
    assert fields.LinesField().clean(text).count("\n") == 1
    assert not {"\r", "\u2028"} & set(fields.LinesField().clean(text))


def test_no_form_has_a_text_field_that_takes_anything() -> None:
    """Also of the fields that forms make as they go, which the walk does not see."""
    wrong = []
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        if "migrations" in path.parts or path == Path(fields.__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in (
                "forms.CharField", "forms.EmailField", "forms.SlugField", "forms.URLField",
            ):  # fmt: skip
                continue
            if "PasswordInput" not in ast.unparse(node):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_every_column_that_people_fill_is_a_line() -> None:
    from django.apps import apps

    known = (LineField, CodeField, LinesField, SecretField, StoredMessageField, AddressField, models.URLField)
    wrong = []
    for app in ("centers", "whatsapp", "billing"):
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.concrete_fields:
                text = isinstance(field, models.CharField | models.TextField) and not isinstance(field, known)
                names = {model._meta.label, f"{model._meta.label}.{field.name}"}
                coded = field.choices or "language" in field.name or field.max_length == 3 or field.unique
                if text and not coded and not names & OURS:
                    wrong.append(str(field))
    assert sorted(wrong) == sorted(
        [
            # Hashed.
            "centers.User.password",
            # Taken from a list of what is there.
            "billing.CenterPolicy.one_off_type", "billing.CenterPolicy.subscription_type",
            "billing.Margin.country_id", "billing.RateCategory.type",
            # Numbers that we make.
            "billing.Invoice.number", "billing.Receipt.number",
        ]
    )  # fmt: skip


@pytest.mark.django_db
@EVIL
@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_of_an_import_refuses_them(column: str, control: str) -> None:
    reseller = ResellerFactory()
    row = {"center": "Good", "instance_id": "i-1"} | {column: f"Evil{control}Bcc: x"}
    cells = ",".join(f'"{row.get(name, "")}"' for name in COLUMNS)
    with tenant(reseller):
        batch = preview_import(
            reseller=reseller,
            content=f"{','.join(COLUMNS)}\r\n{cells}\r\n".encode(),
            filename="evil.csv",
            by=None,
            now=clock.now(),
        )
    assert batch.state == "invalid"
    assert all(str(error["message"]).strip() for error in batch.errors)
    if control != "\0":
        assert [error["field"] for error in batch.errors] == [column]


@pytest.mark.django_db
@EVIL
def test_operations_refuse_them_without_a_form(control: str) -> None:
    reseller = ResellerFactory()
    center = CenterFactory(reseller=reseller)
    evil = f"Evil{control}Bcc: x"
    with tenant(reseller):
        number = InstanceFactory(center=center)
        for name in FIELDS:
            if name == "notes" and control not in "\0\x07":
                continue
            with pytest.raises(OperationRefused):
                edit_center(center=center, by=None, **{name: evil})
        with pytest.raises(OperationRefused):
            create_center(reseller=reseller, by=None, name=evil)
        for name in ("name", "support_contact", "time_zone", "currency", "colour"):
            with pytest.raises(OperationRefused):
                edit_reseller(reseller=reseller, by=None, **{name: evil})
        for text in ({"label": evil}, {"instance_id": evil}):
            with pytest.raises(OperationRefused):
                edit_instance(instance=number, by=None, **text)
            with pytest.raises(OperationRefused):
                add_instance(center=center, by=None, **({"instance_id": "i-2"} | text))
        assert Center.objects.count() == 1
        assert Instance.objects.count() == 1


GOOD = {
    "name": "Tripoli Talk", "currency": "LYD", "language": "ar", "time_zone": "Africa/Tripoli",
    "owner_email": "owner@tripoli.example", "owner_password": "violet tram 77 lemon",
    "mazbot_url": "https://mazbot.example/api", "mazbot_api_key": "key", "mazbot_email": "api@tripoli.example",
    "mazbot_password": "secret",
}  # fmt: skip


@pytest.mark.django_db
@EVIL
@pytest.mark.parametrize("option", sorted({*GOOD, "slug"} - {"owner_password"}))
def test_the_command_that_creates_resellers_refuses_them(option: str, control: str) -> None:
    with pytest.raises(CommandError):
        call_command("create_reseller", **GOOD | {option: f"Evil{control}x"}, stdout=StringIO())
    good = GOOD.get(option, "tripoli-talk")
    with pytest.raises(CommandError):
        # In the middle of what is right but for it: parsers of addresses drop line breaks silently.
        call_command("create_reseller", **GOOD | {option: good[:-2] + control + good[-2:]}, stdout=StringIO())
    assert not Reseller.objects.exists()
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("control", ["\r", "\n", "\u2028", "\x07", "\x85"])
@pytest.mark.parametrize(
    ("model", "column"),
    [(Reseller, "name"), (Reseller, "support_contact"), (Center, "name"), (Center, "contact_name"),
     (User, "name"), (Instance, "label")],
)  # fmt: skip
def test_the_database_refuses_them_in_names(model: type[models.Model], column: str, control: str) -> None:
    instance = InstanceFactory()
    User.objects.create_user("a@b.example")
    rows: Any = model._base_manager.all()
    assert rows.exists(), instance
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(**{column: f"Evil{control}Bcc: x"})


@pytest.mark.django_db
def test_names_are_stored_composed_with_single_blanks() -> None:
    reseller = ResellerFactory()
    with tenant(reseller):
        center = create_center(
            reseller=reseller,
            by=None,
            name=" Clinique\u00a0 E\u0301be\u0300ne\t\u202e",
            country_id="\u2066٣\u2069",
        )
        assert (center.name, center.country_id) == ("Clinique Ébène", "3")


def test_an_account_keeps_control_characters_out_of_its_headers() -> None:
    assert isinstance(MazbotAccount._meta.get_field("api_key"), SecretField)
    for control in CONTROLS.values():
        account = MazbotAccount(api_key=f"a{control}b", email="a@b.example", password="x")
        with pytest.raises(ValidationError) as caught:
            account.clean_fields(exclude=["reseller"])
        assert "api_key" in caught.value.message_dict

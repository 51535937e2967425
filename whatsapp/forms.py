"""Forms for numbers and the MazBot account; everything else in a POST is ignored."""

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.values.amount_fields import CountField
from centers.values.fields import LineField, LinesField, WebAddressField
from centers.values.names import same_name
from whatsapp.imports.encodings import ENCODINGS
from whatsapp.imports.pasted import read_list
from whatsapp.models import Instance, MazbotAccount, Service

if TYPE_CHECKING:
    _InstanceForm = forms.ModelForm[Instance]
    _AccountForm = forms.ModelForm[MazbotAccount]
else:  # Django's own classes take no type argument at run time
    _InstanceForm = _AccountForm = forms.ModelForm

SECRETS = ("api_key", "password", "webhook_secret")
LARGEST_CSV = 2 * 1024 * 1024  # bytes; about 20,000 rows


class InstanceForm(_InstanceForm):
    """One number: its MazBot id, label, phone number and first billed day, which the operation reads."""

    billed_from = forms.DateField(
        label=gettext_lazy("Billed from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("The first day whose usage is charged. Earlier days are never charged."),
    )

    class Meta:
        model = Instance
        fields: ClassVar[list[str]] = ["instance_id", "label", "whatsapp_number"]
        help_texts: ClassVar[dict[str, Any]] = {
            "instance_id": gettext_lazy("As MazBot shows it. Letters, digits and . _ : - only."),
            "label": gettext_lazy("A name for this number, such as Reception."),
            "whatsapp_number": gettext_lazy("The phone number that customers write to."),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "instance_id": forms.TextInput(
                attrs={"dir": "ltr", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
            ),
            "whatsapp_number": forms.TextInput(
                attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"}
            ),
        }


class InstanceListForm(forms.Form):
    """Several numbers at once, one per line, as typed or as copied from a spreadsheet or a CSV file."""

    lines = LinesField(
        label=gettext_lazy("Numbers, one per line"),
        max_length=20_000,
        help_text=gettext_lazy(
            "One number per line: the instance ID, then a label and a WhatsApp number if you like, separated "
            "by commas, semicolons or tabs."
        ),
        widget=forms.Textarea(attrs={"rows": 8, "dir": "ltr", "spellcheck": "false"}),
    )

    def clean_lines(self) -> list[tuple[int, dict[str, str]]]:
        """(line number, id, label and phone number by name) of every line that is not empty; errors name their line."""
        rows, errors = [], []
        for number, cells in read_list(self.cleaned_data["lines"]):
            if cells is None:
                text = _("Line %(line)s has more than an ID, a label and a WhatsApp number.")
                errors.append(text % {"line": number})
                continue
            one = InstanceForm(cells)
            if one.is_valid():
                rows.append((number, one.cleaned_data))
            else:
                errors += _line_errors(number, cells.get("instance_id", ""), one)
        errors += _repeated(rows)
        if errors:
            raise forms.ValidationError(errors)
        if not rows:
            raise forms.ValidationError(_("Enter at least one instance ID."))
        return rows


def _line_errors(number: int, name: str, form: InstanceForm) -> list[str]:
    return [
        _("Line %(line)s, “%(id)s”: %(problem)s") % {"line": number, "id": name[:40], "problem": problem}
        for problems in form.errors.values()
        for problem in problems
    ]


def _repeated(rows: list[tuple[int, dict[str, str]]]) -> list[str]:
    seen: dict[str, int] = {}
    errors = []
    for number, row in rows:
        name = row["instance_id"]
        if name in seen:
            errors.append(
                _("Line %(line)s, “%(id)s”: the same ID is already on line %(first)s.")
                % {"line": number, "id": name, "first": seen[name]}
            )
        seen.setdefault(name, number)
    return errors


class TypedNameForm(forms.Form):
    """Confirms an action that is hard to undo by typing a name."""

    typed = LineField(
        max_length=100,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, expected: str, label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["typed"].label = label or _("Type “%(name)s” to confirm") % {"name": expected}

    def clean_typed(self) -> str:
        """The text itself; anything but the expected name is refused."""
        typed: str = self.cleaned_data["typed"]
        if not same_name(typed, self.expected):
            raise forms.ValidationError(
                _("The name doesn't match. Type “%(name)s” exactly as shown here.") % {"name": self.expected}
            )
        return typed


class SwitchForm(forms.Form):
    """The desired service state; any other value is invalid."""

    desired_state = forms.ChoiceField(choices=[(Service.ENABLED, ""), (Service.DISABLED, "")])


class WebhookForm(forms.Form):
    """Where MazBot sends a number's events; the operation checks the address itself."""

    url = WebAddressField(
        label=gettext_lazy("Webhook address"),
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput(
            attrs={"dir": "ltr", "inputmode": "url", "placeholder": "https://", "autocomplete": "off"}
        ),
        help_text=gettext_lazy("A public address that begins with https:// (or http://)."),
    )


class AccountForm(_AccountForm):
    """The MazBot account. Secrets are never shown again: a secret field left empty keeps what is stored."""

    base_url = WebAddressField(
        label=gettext_lazy("Address"),
        max_length=200,
        assume_scheme="https",
        initial="https://mazbot.net/api",
        help_text=gettext_lazy("MazBot's address, with or without /api at the end."),
        widget=forms.URLInput(attrs={"dir": "ltr", "inputmode": "url"}),
    )

    class Meta:
        model = MazbotAccount
        fields: ClassVar[list[str]] = [
            "base_url",
            "api_key",
            "email",
            "password",
            "locale_prefix",
            "rate_limit",
            "body_format",
            "time_zone",
            "cost_currency",
            "stale_hours",
            "webhook_secret",
        ]
        field_classes: ClassVar[dict[str, Any]] = {"rate_limit": CountField, "stale_hours": CountField}
        help_texts: ClassVar[dict[str, Any]] = {
            "email": gettext_lazy(
                "Use a staff account of your MazBot account. Owner logins may not work with the API."
            ),
            "locale_prefix": gettext_lazy("Leave empty to detect it automatically, or enter ar or en."),
            "rate_limit": gettext_lazy("MazBot allows 60 unless you have agreed on another limit."),
            "body_format": gettext_lazy("Form fields always work. Choose JSON only if MazBot asked you to."),
            "time_zone": gettext_lazy("MazBot's times don't include a time zone. Choose the one they're in."),
            "cost_currency": gettext_lazy("The currency MazBot reports costs in."),
            "stale_hours": gettext_lazy(
                "A connected number that hasn't been seen for this long, and for longer than usual, opens an alert."
            ),
            "webhook_secret": gettext_lazy("If set, only events signed by MazBot are accepted."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = {name: getattr(self.instance, name) for name in SECRETS}
        self.stored_url = self.instance.base_url if self.instance.pk else ""
        for name in SECRETS:
            self._make_secret(name)
        self.fields["email"].required = True
        self.fields["email"].widget.attrs.update(dir="ltr", autocomplete="off")
        self.fields["locale_prefix"].widget.attrs.update(dir="ltr", autocapitalize="none")

    def _make_secret(self, name: str) -> None:
        field = self.fields[name]
        has_stored = bool(self.stored[name])
        field.widget = forms.PasswordInput(
            attrs={
                "dir": "ltr",
                "autocomplete": "new-password",
                "placeholder": _("Saved. Leave empty to keep it.") if has_stored else "",
            }
        )
        field.required = not has_stored and name != "webhook_secret"
        self.initial.pop(name, None)

    def clean_locale_prefix(self) -> str:
        """Letters only, as in /ar/api/."""
        prefix: str = self.cleaned_data["locale_prefix"].strip().strip("/").lower()
        if prefix and not (prefix.isascii() and prefix.isalpha()):
            raise forms.ValidationError(_("Letters only, such as ar or en."))
        return prefix

    def clean(self) -> dict[str, Any]:
        """Fill empty secrets with the stored ones, but never send those to a new address."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        moved = self.stored_url and _host(data.get("base_url", "")) != _host(self.stored_url)
        for name in ("api_key", "password"):
            if data.get(name):
                continue
            if moved and self.stored[name]:
                self.add_error(name, _("The address has changed. Enter this again."))
            data[name] = self.stored[name]
        data["webhook_secret"] = data.get("webhook_secret") or self.stored["webhook_secret"]
        return data


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


class ImportForm(forms.Form):
    """A file with centers and numbers: Excel or CSV."""

    file = forms.FileField(
        label=gettext_lazy("Excel or CSV file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv,.txt,.tsv,text/csv"}),
    )

    def clean_file(self) -> Any:
        """The file, if it is small enough to be read whole."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_CSV:
            raise forms.ValidationError(_("The file is larger than 2 MB. Split it and import it in parts."))
        return file


class ReadingForm(forms.Form):
    """How to read an uploaded file again."""

    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"),
        choices=list(ENCODINGS.items()),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the encodings.")},
    )
    ignore_unknown = forms.BooleanField(required=False)

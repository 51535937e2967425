"""Forms of the centers' pages. What a form does not declare, a POST cannot change."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.models import Center, Reseller, Role, User
from centers.models.tenancy import CENTER_ROLES, STAFF_ROLES
from centers.values.choices import currency_choices, time_zone_choices
from centers.values.countries import country_choices
from centers.values.fields import AddressField, CodeField, LineField
from centers.values.images import MAX_BYTES
from centers.values.languages import own_names
from centers.values.names import same_name
from centers.values.phones import normalise_phone

#: `--mk-brand` of markaz.css as a colour input writes it.
HOUSE_COLOUR = "#0f6e6e"

if TYPE_CHECKING:
    _CenterForm = forms.ModelForm[Center]
    _ResellerForm = forms.ModelForm[Reseller]
    _UserForm = forms.ModelForm[User]
else:
    _CenterForm = _ResellerForm = _UserForm = forms.ModelForm


class CenterForm(_CenterForm):
    """A center's own data."""

    class Meta:
        model = Center
        fields = (
            "name",
            "contact_name",
            "email",
            "country",
            "phone",
            "country_id",
            "currency",
            "language",
            "notes",
        )
        widgets = {
            "phone": forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"}),
            "country_id": forms.TextInput(attrs={"dir": "ltr"}),
            "notes": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "email": gettext_lazy("Invoices and reminders are sent here."),
            "country": gettext_lazy("Used for phone numbers without +."),
            "country_id": gettext_lazy("The country's number at MazBot. It determines which rates apply."),
            "notes": gettext_lazy("Only your team sees them."),
        }

    def __init__(self, *args: Any, reseller: Reseller, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reseller = reseller
        self.fields["currency"] = _currency_field(self.fields["currency"].label)
        if self.instance.pk:  # they change from a day on, on a page of their own
            del self.fields["currency"], self.fields["country_id"]
        self.fields["country"] = _country_field(self.fields["country"])

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if phone == self.instance.phone:  # an older rule may have taken it
            return phone
        return normalise_phone(phone, self.cleaned_data.get("country") or self.reseller.country)


class ArchiveForm(forms.Form):
    """Confirm archiving by typing the name."""

    confirm = LineField(widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["confirm"].label = _("Type “%(name)s” to confirm") % {"name": expected}

    def clean_confirm(self) -> str:
        name: str = self.cleaned_data["confirm"]
        if not same_name(name, self.expected):
            raise ValidationError(
                _("The name doesn't match. Type “%(name)s” exactly as shown here.") % {"name": self.expected}
            )
        return name


class _RoleForm(forms.Form):
    first: tuple[tuple[str, Any], ...] = ()

    def __init__(self, *args: Any, roles: tuple[Role, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = forms.ChoiceField(
            label=_("Role"), choices=[*self.first, *((role.value, role.label) for role in roles)]
        )


class RoleForm(_RoleForm):
    """Choose one of the roles of a reseller or center."""


class InviteForm(_RoleForm):
    """An email address and a role. None is preselected: any preset would sometimes be sent by mistake."""

    first = (("", gettext_lazy("Choose a role")),)
    email = AddressField(label=gettext_lazy("Email"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))


def staff_invite(data: Any = None) -> InviteForm:
    """The form that invites to the team."""
    return InviteForm(data, roles=STAFF_ROLES, auto_id="invite_%s")


def center_invite(data: Any = None) -> InviteForm:
    """The form that invites to a center's portal."""
    return InviteForm(data, roles=CENTER_ROLES, auto_id="invite_%s")


class GeneralForm(_ResellerForm):
    """Name, currency, language and time zone of a reseller."""

    class Meta:
        model = Reseller
        fields = (
            "name",
            "language",
            "time_zone",
            "country",
            "currency",
            "support_contact",
            "payment_instructions",
        )
        widgets = {
            "support_contact": forms.TextInput(attrs={"dir": "auto"}),
            "payment_instructions": forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
        }
        help_texts = {
            "language": gettext_lazy("Used in emails and for people who haven't chosen a language."),
            "time_zone": gettext_lazy("Days, months and due dates begin at midnight here."),
            "country": gettext_lazy("Used for phone numbers without +. Suggested for new centers."),
            "currency": gettext_lazy("Suggested for new centers. Each center keeps its own."),
            "support_contact": gettext_lazy(
                "A phone number or an address that your centers see on every page."
            ),
            "payment_instructions": gettext_lazy(
                "Bank, account and reference. Shown wherever a center has an unpaid balance."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"] = _currency_field(
            self.fields["currency"].label, self.fields["currency"].help_text
        )
        self.fields["country"] = _country_field(self.fields["country"])
        zone = self.fields["time_zone"]
        self.fields["time_zone"] = forms.ChoiceField(
            label=zone.label, help_text=zone.help_text, choices=time_zone_choices
        )


class BrandingForm(_ResellerForm):
    """What centers see of a reseller: colour and logo."""

    logo_file = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy("PNG, JPEG or WebP, at most 2 MB. It is shown 40 pixels high."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Remove logo"), required=False)
    own_colour = forms.BooleanField(label=gettext_lazy("Use a custom color"), required=False)

    class Meta:
        model = Reseller
        fields = ("colour",)
        widgets = {"colour": forms.TextInput(attrs={"type": "color", "class": "form-control-color"})}
        help_texts = {"colour": gettext_lazy("The accent color of your centers' portal.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["own_colour"].initial = bool(self.instance.colour)
        self.initial["colour"] = self.instance.colour or HOUSE_COLOUR

    def clean(self) -> dict[str, Any]:
        """A colour input cannot be empty, so a checkbox beside it sets whether its value counts."""
        data = super().clean() or {}
        if not data.get("own_colour"):
            data["colour"] = ""
        return data

    def clean_logo_file(self) -> bytes | None:
        file = self.cleaned_data.get("logo_file")
        if file is None:
            return None
        if file.size > MAX_BYTES:
            raise ValidationError(_("The image is larger than %(size)s KB.") % {"size": MAX_BYTES // 1024})
        data: bytes = file.read(MAX_BYTES + 1)
        return data


class SecurityForm(_ResellerForm):
    """Security requirements for the whole team."""

    class Meta:
        model = Reseller
        fields = ("mfa_required",)
        help_texts = {
            "mfa_required": gettext_lazy(
                "Team members who haven't set it up must do so before they can continue. Centers' people "
                "aren't affected."
            )
        }


class ProfileForm(_UserForm):
    """What people choose for themselves."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=own_names)

    class Meta:
        model = User
        fields = ("name", "language", "theme")


class CodeForm(forms.Form):
    """The code that was mailed to an invited address."""

    code = CodeField(
        label=gettext_lazy("Code from the email"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "dir": "ltr",
                "spellcheck": "false",
            }
        ),
    )


class AcceptForm(forms.Form):
    """Name and password of a person who accepts an invitation."""

    name = LineField(
        label=gettext_lazy("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )
    again = forms.CharField(
        label=gettext_lazy("Confirm password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (password := data.get("password")) is None:
            return data
        if "again" in data and data["again"] != password:
            self.add_error("again", _("The passwords don't match."))
        try:
            validate_password(password, User(email=self.email, name=data.get("name", "")))
        except ValidationError as error:
            self.add_error("password", error)
        return data


def _currency_field(label: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, help_text=help_text, choices=currency_choices)


def _country_field(field: forms.Field) -> forms.ChoiceField:
    """A select in place of `field`, with names in the reader's language."""
    return forms.ChoiceField(
        label=field.label, help_text=field.help_text, choices=country_choices, required=False
    )

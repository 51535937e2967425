"""The forms of the settings page "WhatsApp messages"."""

from collections import Counter
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.models import Reseller
from centers.notifications import registry
from centers.values import languages
from centers.values.fields import CodeField
from centers.values.phones import normalise_phone
from whatsapp.channels.filling import MOST_VARIABLES, PARTS
from whatsapp.models import TemplateSetting

PLACES = range(1, MOST_VARIABLES + 1)
#: What the form calls the kind "": a choice without a value would not count as chosen.
ALL = "all"


def kind_labels() -> dict[str, str | Promise]:
    """The kinds of messages a template can be for; "" stands for all that have none of their own."""
    kinds = [kind for kind in registry.kinds() if not kind.to_contacts or "whatsapp" in kind.also_by]
    times = Counter(str(kind.label) for kind in kinds)  # reports have the same name for staff and for centers
    own = {
        kind.name: f"{kind.label} · {_('to admins of centers')}"
        if times[str(kind.label)] > 1 and registry.group(kind.group).is_for_centers
        else kind.label
        for kind in kinds
    }
    return {"": gettext_lazy("All other messages"), **own}


class TemplateForm(forms.Form):
    """One template: for which messages, in which language, its id and what fills its places in order."""

    kind = forms.ChoiceField(label=gettext_lazy("Messages"))
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=languages.labels)
    template_id = CodeField(
        label=gettext_lazy("Template ID"),
        max_length=100,
        help_text=gettext_lazy("As MazBot shows it beside the approved template."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, setting: TemplateSetting | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = [(name or ALL, label) for name, label in kind_labels().items()]
        parts = [("", "–"), *((name, label) for name, label in PARTS.items())]
        for number in PLACES:
            self.fields[f"variable_{number}"] = forms.ChoiceField(
                label=f"{{{{{number}}}}}",
                choices=parts,
                required=False,
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        if setting is not None:
            chosen = {f"variable_{number}": name for number, name in enumerate(setting.variables, start=1)}
            same = {name: getattr(setting, name) for name in ("language", "template_id")}
            self.initial = {"kind": setting.kind or ALL, **same, **chosen}

    @property
    def places(self) -> list[forms.BoundField]:
        """The choices of the template's places, in order."""
        return [self[f"variable_{number}"] for number in PLACES]

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        return "" if kind == ALL else kind

    def clean(self) -> dict[str, Any]:
        """Collect the variables; a place may not be left out before one that is filled."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = [cleaned.pop(f"variable_{number}", "") for number in PLACES]
        while chosen and not chosen[-1]:
            chosen.pop()
        if "" in chosen:
            gap = f"variable_{chosen.index('') + 1}"
            self.add_error(gap, _("Choose what fills this placeholder, or clear the ones after it."))
        cleaned["variables"] = chosen
        return cleaned


class TemplateTestForm(forms.Form):
    """Which template is tried, and on which phone."""

    setting = forms.ModelChoiceField(
        queryset=TemplateSetting.objects.none(), label=gettext_lazy("Template"), empty_label=None
    )
    phone = CodeField(
        label=gettext_lazy("Your WhatsApp number"),
        max_length=30,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, *args: Any, reseller: Reseller, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = reseller.country
        setting: Any = self.fields["setting"]
        setting.queryset = TemplateSetting.objects.select_related("reseller").defer("reseller__logo")
        setting.label_from_instance = lambda row: f"{row.template_id} ({row.get_language_display()})"

    def clean_phone(self) -> str:
        return normalise_phone(self.cleaned_data["phone"], self.country)

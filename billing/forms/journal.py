"""Account codes of the journal, and importing opening balances."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.banking.reading import MAX_BYTES
from billing.models import JournalAccounts
from billing.reports.journal import ACCOUNTS, account_name
from centers.values.fields import CodeField, KeyField


class AccountsForm(forms.Form):
    """One code for each account."""

    def __init__(self, data: Any = None, *, accounts: JournalAccounts) -> None:
        super().__init__(data, initial={name: getattr(accounts, name) for name in ACCOUNTS})
        for name in ACCOUNTS:
            label = account_name(name)
            self.fields[name] = CodeField(
                label=label,
                max_length=20,
                widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
            )


class OpeningFileForm(forms.Form):
    """A file of opening balances."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV or Excel (.xlsx), up to 2 MB. Nothing is recorded before you confirm it."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )

    @property
    def content(self) -> bytes:
        """What the file contains, a little more than is accepted at most."""
        return bytes(self.cleaned_data["file"].read(MAX_BYTES + 1))


class OpeningConfirmForm(forms.Form):
    """What was read of a file and shown, signed by us."""

    balances = KeyField(max_length=2_000_000, widget=forms.HiddenInput)

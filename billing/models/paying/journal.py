"""The codes that a reseller's accounts have in its bookkeeping, for the exported journal."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from centers.models import Reseller
from centers.models.fields import CodeField
from centers.models.managers import TenantManager


class JournalAccounts(models.Model):
    """Account codes; a reseller without a row has the defaults."""

    reseller = models.OneToOneField(Reseller, on_delete=models.CASCADE, related_name="journal_accounts")
    receivable = CodeField(_("receivables"), max_length=20, default="1200")
    revenue = CodeField(_("revenue"), max_length=20, default="4000")
    tax = CodeField(_("tax due"), max_length=20, default="2200")
    bank = CodeField(_("bank"), max_length=20, default="1010")
    cash = CodeField(_("cash"), max_length=20, default="1000")
    card = CodeField(_("cards"), max_length=20, default="1020")
    wallet = CodeField(_("mobile wallets"), max_length=20, default="1030")
    gateway = CodeField(_("payment gateways"), max_length=20, default="1040")
    exchange = CodeField(_("currency exchange"), max_length=20, default="1900")
    opening = CodeField(_("opening balances"), max_length=20, default="3900")
    advance_tax = CodeField(_("tax on advances"), max_length=20, default="1290", db_default="1290")
    write_offs = CodeField(_("write-offs"), max_length=20, default="6800", db_default="6800")

    objects = TenantManager(reseller="reseller")

    def __str__(self) -> str:
        return f"accounts of {self.reseller}"

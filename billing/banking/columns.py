"""Which column of a bank's file is which, by the names that banks give them in English and Arabic."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from centers.errors import OperationRefused

DATE, AMOUNT, CREDIT, DEBIT = "date", "amount", "credit", "debit"
TEXT, REFERENCE, PAYER, CURRENCY = "text", "reference", "payer", "currency"
_NAMES = {
    DATE: "date|booking date|transaction date|txn date|trans date|posting date|posted|value date|entry date|"
    "التاريخ|تاريخ العملية|تاريخ القيد|تاريخ الحركة|تاريخ القيمة|تاريخ",
    AMOUNT: "amount|transaction amount|txn amount|المبلغ|مبلغ العملية|مبلغ|القيمة",
    CREDIT: "credit|credit amount|cr|deposit|deposits|deposit amount|paid in|money in|received|"
    "دائن|المبلغ الدائن|ايداع|الايداع|له",
    DEBIT: "debit|debit amount|dr|withdrawal|withdrawals|withdrawal amount|paid out|money out|payments|"
    "مدين|المبلغ المدين|سحب|السحب|عليه",
    TEXT: "description|details|transaction details|transaction description|narrative|narration|particulars|"
    "memo|remarks|remittance information|payment details|البيان|الوصف|التفاصيل|تفاصيل العملية|ملاحظات|شرح",
    REFERENCE: "reference|ref|reference number|reference no|ref no|bank reference|transaction id|"
    "transaction reference|transaction number|رقم المرجع|المرجع|رقم العملية|مرجع",
    PAYER: "name|payer|payer name|sender|sender name|remitter|counterparty|counterparty name|from|debtor name|"
    "المرسل|اسم المرسل|الاسم|اسم المحول|المحول",
    CURRENCY: "currency|ccy|العملة|عملة",
}  # fmt: skip
_NEEDED_ROWS = 40  # banks write names, numbers and balances above the table
_SHOWN = 12
_NOT_LETTERS = re.compile(r"[\W_]+")
_ALEFS = str.maketrans("أإآى", "اااي")
_VOWELS = re.compile("[\u064b-\u0652\u0640]")
_KNOWN = {name: column for column, names in _NAMES.items() for name in names.split("|")}

Header = dict[str, int]  # column -> its place


def simplified(name: str) -> str:
    """A name in small letters, with single blanks, one alef, and without marks."""
    text = _VOWELS.sub("", name.casefold()).translate(_ALEFS)
    return " ".join(_NOT_LETTERS.sub(" ", text).split())


def find_header(rows: Sequence[tuple[int, list[str]]]) -> tuple[int, Header]:
    """The place of the row with the columns' names among `rows`, and what is where.

    OperationRefused, naming the columns found, for a file without a day or an amount: of another kind, or a bank
    whose names we don't know.
    """
    best: tuple[int, list[str], Header] = (0, [], {})
    for place, (_line, cells) in enumerate(rows[:_NEEDED_ROWS]):
        header: Header = {}
        for at, cell in enumerate(cells):
            column = _column(cell)
            if column and column not in header:
                header[column] = at
        if DATE in header and not header.keys().isdisjoint({AMOUNT, CREDIT}):
            return place, header
        if len(header) > len(best[2]) or not best[1]:
            best = (place, cells, header)
    raise OperationRefused(_unknown(best[1]), field="file")


def _column(cell: str) -> str:
    """The column of a name, also of one with its currency behind it: `Amount (SAR)`."""
    name = simplified(cell)
    return _KNOWN.get(name) or _KNOWN.get(name.rpartition(" ")[0], "")


def _unknown(cells: list[str]) -> str:
    names = [f"“{cell[:40]}”" for cell in cells if cell.strip()][:_SHOWN]
    return _(
        "This isn't a statement we can read: it needs a column with the day and one with the amount (or what was paid "
        "in). The columns found are: %(names)s. Rename them to Date, Amount, Description and Reference, or ask your "
        "bank for another format."
    ) % {"names": ", ".join(names) or "–"}

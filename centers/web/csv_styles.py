"""The separators of a CSV: those that fit the language, or the person's last choice."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from centers.values.languages import active_language

PARAMETER = "csv"
_SESSION = "csv_style"


@dataclass(frozen=True, slots=True)
class Style:
    """One way to write a CSV; `names_separator` puts Excel's own hint, a line `sep=`, before the header."""

    key: str
    label: str | Promise
    separator: str
    names_separator: bool = False


STYLES = {
    style.key: style
    for style in (
        Style("comma", _("CSV with commas"), ","),
        Style("semicolon", _("CSV with semicolons"), ";"),
        Style("tab", _("CSV with tabs"), "\t"),
        Style("sep-comma", _("CSV with commas and a sep= line"), ",", True),
        Style("sep-semicolon", _("CSV with semicolons and a sep= line"), ";", True),
    )
}


def style_of(request: HttpRequest) -> Style:
    """The style in the URL (stored for the person's next exports), or the one chosen last."""
    asked = request.GET.get(PARAMETER, "")
    session = getattr(request, "session", None)
    if asked in STYLES:
        if session is not None and session.get(_SESSION) != asked:
            session[_SESSION] = asked
        return STYLES[asked]
    return remembered(request)


def remembered(request: HttpRequest) -> Style:
    """The style chosen last, or the one that fits the language."""
    session = getattr(request, "session", None)
    chosen = session.get(_SESSION, "") if session is not None else ""
    return STYLES.get(chosen) or STYLES[active_language().separator]

"""How a mail looks: the sender's name, logo and color around its text, as HTML that every mail program shows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation

from centers.models import Reseller
from centers.values.page_urls import page_url

_COLOR = "#0f766e"  # of those without their own
_DARK, _WHITE = "#101828", "#ffffff"
_CODE = re.compile(r"\d{6,8}")
_FACT = re.compile(r"([^\s:•][^:]{0,39}): (\S.*)")
#: Between a figure and its unit or currency.
_UNIT = re.compile(r"(?<=\d) (?=%|[A-Z]{3}\b)")
#: Before the signature of a text mail (RFC 3676).
_SIGNATURE = "\n-- \n"


@dataclass(frozen=True, slots=True)
class Look:
    """Whose mail it is: a name, a color ("#rrggbb"), the address of a logo, and how to reach them in their own words.

    Without a name it is the install's own.
    """

    name: str
    color: str = ""
    logo_url: str = ""
    contact: str = ""
    reply_to: str = ""

    @property
    def title(self) -> str:
        """The name, which is never empty."""
        return self.name or parseaddr(settings.DEFAULT_FROM_EMAIL)[0] or "Markaz"

    @property
    def sender(self) -> str:
        """The install's address under this name."""
        name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
        return str(Address(display_name=" ".join(self.name.split()) or name, addr_spec=address))


#: Of mails about an account, which belongs to no reseller.
OF_PRODUCT = Look("")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a mail: `lines` of a paragraph, `facts` (label, value), a link that is a `button`, or a `code`."""

    lines: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    button: str = ""
    url: str = ""
    code: str = ""


def look_of(reseller: Reseller) -> Look:
    """A reseller's."""
    version = reseller.logo_version
    return Look(
        name=reseller.name,
        color=reseller.colour,
        logo_url=page_url("logo", reseller.slug) + f"?v={version}" if version else "",
        contact=reseller.support_contact,
        reply_to=reply_address(reseller),
    )


def reply_address(reseller: Reseller) -> str:
    """Where answers to a reseller's mails go: its support contact, if that is an email address."""
    try:
        validate_email(reseller.support_contact)
    except ValidationError:
        return ""
    return reseller.support_contact


def html_of(
    *,
    subject: str,
    text: str,
    look: Look,
    button: str = "",
    actions: Sequence[tuple[str, str]] = (),
    unsubscribe_url: str = "",
) -> str:
    """The mail as HTML, in the active language; `text` has paragraphs apart by blank lines.

    A paragraph that is an address of this install becomes a button with the label `button`, or a link without one; one
    of digits a code; one of several lines that all read "label: value" a table. `actions` are (label, address) of the
    buttons below the text.
    """
    color = look.color or _COLOR
    light = is_light(color)
    return render_to_string(
        "centers/mail/frame.html",
        {
            "subject": subject,
            "parts": [_block(part, button) for part in text.strip().split("\n\n")],
            "actions": actions,
            "look": look,
            "color": color,
            "on_color": _DARK if light else _WHITE,
            "text_color": _DARK if light else color,
            "unsubscribe_url": unsubscribe_url,
            "language": translation.get_language() or settings.LANGUAGE_CODE,
            "rtl": translation.get_language_bidi(),
        },
    )


def dress(mail: EmailMultiAlternatives, look: Look, *, button: str = "") -> None:
    """Add the HTML to a text mail, in the active language; its signature is what the frame says."""
    text = str(mail.body).partition(_SIGNATURE)[0]
    html = html_of(subject=str(mail.subject), text=text, look=look, button=button)
    mail.attach_alternative(html, "text/html")


def is_light(color: str) -> bool:
    """Whether dark text reads better on `color` ("#rrggbb") than white, by the contrast of WCAG 2; as in theme.js."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179


def _block(paragraph: str, button: str) -> Block:
    words = paragraph.strip()
    # Others' addresses stay text: what a name or an error holds must not look like ours.
    if words.startswith(f"{settings.SITE_URL}/") and not re.search(r"\s", words):
        return Block(button=button, url=words)
    if _CODE.fullmatch(words):
        return Block(code=words)
    lines = _UNIT.sub("\u00a0", paragraph.strip("\n")).split("\n")
    facts = [found.groups() for line in lines if (found := _FACT.fullmatch(line))]
    if len(facts) == len(lines) > 1:
        return Block(facts=[(label, value) for label, value in facts])
    return Block(lines=lines)

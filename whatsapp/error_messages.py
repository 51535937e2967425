"""MazBot's errors in words for people: the patterns of sentences."""

from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from whatsapp.mazbot import ErrorKind

STAFF_HINT = gettext_lazy(
    "Owner logins are reported not to work with the API: use the email and password of a staff account."
)

SENTENCES = {
    ErrorKind.NETWORK: _("MazBot cannot be reached."),
    ErrorKind.TIMEOUT: _("MazBot did not answer in time."),
    ErrorKind.LOGIN: _("MazBot refuses the login email or password of the account."),
    ErrorKind.API_KEY: _("MazBot refuses the API key of the account."),
    ErrorKind.LOCALE_PATH: _(
        "There is no MazBot login at the account's address. Check the address in the settings."
    ),
    ErrorKind.LIMIT: _("The account's requests per minute are used up. Please try again in a moment."),
    ErrorKind.NOT_FOUND: _("MazBot does not know this instance id. Check it for typing errors."),
    ErrorKind.INVALID: _("MazBot does not accept a value."),
    ErrorKind.REFUSED: _("MazBot refused the request."),
    ErrorKind.MALFORMED: _("MazBot sent an answer that cannot be read."),
    ErrorKind.SERVER: _("MazBot has an internal error."),
    ErrorKind.TOO_LARGE: _("MazBot sent an answer that is too large."),
    ErrorKind.UNAVAILABLE: _("A part of this system is being restarted. Please try again in a moment."),
}

#: What the jobs ask again by themselves; a person who asked has to.
PASSING = frozenset({ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.MALFORMED, ErrorKind.SERVER})
ASKED_AGAIN = _("It is tried again automatically.")

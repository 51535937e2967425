"""Messages for MazBot's errors, as patterns."""

from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from whatsapp.mazbot import ErrorKind

STAFF_HINT = gettext_lazy(
    "Owner logins may not work with the API. Use the email and password of a staff account."
)

SENTENCES = {
    ErrorKind.NETWORK: _("MazBot can't be reached."),
    ErrorKind.TIMEOUT: _("MazBot didn't answer in time."),
    ErrorKind.LOGIN: _("MazBot refused the login email or password of the account."),
    ErrorKind.API_KEY: _("MazBot refused the API key of the account."),
    ErrorKind.LOCALE_PATH: _(
        "There's no MazBot login at the account's address. Check the address in the settings."
    ),
    ErrorKind.LIMIT: _("The account has used up its requests per minute. Try again in a moment."),
    ErrorKind.NOT_FOUND: _("MazBot doesn't recognize this instance ID. Check it for typos."),
    ErrorKind.INVALID: _("MazBot didn't accept one of the values."),
    ErrorKind.REFUSED: _("MazBot refused the request."),
    ErrorKind.MALFORMED: _("MazBot sent a response that can't be read."),
    ErrorKind.SERVER: _("MazBot had an internal error."),
    ErrorKind.TOO_LARGE: _("MazBot sent a response that is too large."),
    ErrorKind.NOT_ANSWERING: _("MazBot doesn't answer this account at the moment."),
    ErrorKind.UNAVAILABLE: _("Part of this system is restarting. Try again in a moment."),
}

#: Errors after which jobs retry automatically; a person has to try again.
PASSING = frozenset(
    {ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.MALFORMED, ErrorKind.SERVER, ErrorKind.NOT_ANSWERING}
)
ASKED_AGAIN = _("We'll try again automatically.")

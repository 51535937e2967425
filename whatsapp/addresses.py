"""Which addresses MazBot may have: those that owners enter are public, those of an operator may be inside."""

import ipaddress

from django.conf import settings
from django.utils.translation import gettext as _

from centers import clock
from centers.errors import OperationRefused
from centers.hosts import on_this_machine
from centers.outbound.addresses import check_public_url, is_public, literal_address, split_url


def check_account_url(url: str) -> None:
    """As `check_public_url`, for a MazBot address typed by an owner; a demo's MazBot may be on this machine.

    Also raises OperationRefused if a demo's clock was moved: it would bill a real MazBot's customers.
    """
    if clock.offset() and not on_this_machine(url):
        raise OperationRefused(
            _(
                "The clock of this demo was moved. Start again with `make reset` before you connect a real MazBot."
            )
        )
    if settings.DEMO or settings.TESTING or split_url(url.strip())[0] in settings.MAZBOT_INTERNAL_HOSTS:
        return
    check_public_url(url)


def may_call(host: str, address: str) -> bool:
    """Whether MazBot may be called at `address`, which the account's `host` currently resolves to.

    A name that was public when typed may resolve to an internal address later. A host that `check_account_url` refuses
    by its spelling was entered by an operator with a command and is always called; so are MAZBOT_INTERNAL_HOSTS.
    """
    if settings.DEMO or settings.TESTING or host.lower() in settings.MAZBOT_INTERNAL_HOSTS:
        return True
    try:
        is_name = literal_address(host.strip("[]")) is None
    except OperationRefused:
        return True
    return not is_name or is_public(ipaddress.ip_address(address.partition("%")[0]))

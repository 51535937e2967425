"""Creating a reseller with its owner and its MazBot account in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from centers import clock
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Membership, Reseller, Role, User
from centers.tenancy.address_proof import account_of
from centers.tenancy.resellers import free_slug
from centers.tenancy.scoping import tenant
from centers.values.text import refuse_control
from whatsapp.mazbot import AccountConfig, MazBotError
from whatsapp.models import MazbotAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReseller:
    """What an operator enters for a new reseller."""

    name: str
    currency: str
    language: str
    time_zone: str
    owner_email: str
    owner_password: str = field(repr=False)
    mazbot_url: str
    mazbot_api_key: str = field(repr=False)
    mazbot_email: str
    mazbot_password: str = field(repr=False)
    rate_limit: int = 60
    country: str = ""
    slug: str = ""


def onboard_reseller(new: NewReseller) -> Reseller:
    """Raises OperationRefused with one message per invalid value; then nothing was written.

    An owner who already has an account keeps it: the password must be theirs.
    """
    reseller = Reseller(
        name=new.name.strip(),
        slug=new.slug or free_slug(new.name),
        language=new.language,
        time_zone=new.time_zone,
        currency=new.currency.upper(),
        country=new.country.strip().upper(),
    )
    account = MazbotAccount(
        reseller=reseller,
        base_url=new.mazbot_url,
        api_key=new.mazbot_api_key,
        email=new.mazbot_email,
        password=new.mazbot_password,
        rate_limit=new.rate_limit,
        time_zone=new.time_zone,
        cost_currency="USD",
    )
    owner, problems = _owner(new)
    problems = _problems(reseller, account) + problems
    if problems:
        raise OperationRefused("\n".join(problems))
    with transaction.atomic():
        reseller.save()
        with tenant(reseller):
            account.reseller = reseller
            account.save()
            owner.save()
            Membership.objects.create(user=owner, reseller=reseller, role=Role.OWNER)
            entries.record("reseller.created", reseller=reseller, by=None, target=reseller, now=clock.now())
    return reseller


def _owner(new: NewReseller) -> tuple[User, list[str]]:
    email = new.owner_email.replace("\0", "\ufffd").strip()
    known = account_of(email)
    if known is not None:
        if known.check_password(new.owner_password):
            return known, []
        text = _("“%(email)s” already has an account with a different password.")
        return known, [text % {"email": new.owner_email}]
    owner = User(email=User.objects.normalize_email(email), language=new.language)
    problems = _messages("owner-email", lambda: refuse_control(new.owner_email.strip()))
    problems += _messages("owner", lambda: owner.clean_fields(exclude=["password"]))
    problems += _messages("owner-password", lambda: validate_password(new.owner_password, owner))
    owner.set_password(new.owner_password)
    return owner, problems


def _problems(reseller: Reseller, account: MazbotAccount) -> list[str]:
    problems = _messages("", reseller.full_clean)
    problems += _messages("mazbot", lambda: account.clean_fields(exclude=["reseller", "base_url"]))
    problems += _messages("mazbot-url", lambda: refuse_control(account.base_url))
    if not account.is_set_up:
        problems.append(_("Enter the MazBot API key, email and password."))
    try:
        AccountConfig(key="", base_url=account.base_url, api_key="", email="", password="").host_url()
    except MazBotError:
        text = _("mazbot-url: “%(url)s” isn't a web address. Use one such as https://mazbot.net/api.")
        problems.append(text % {"url": account.base_url})
    return problems


def _messages(about: str, check: Callable[[], object]) -> list[str]:
    try:
        check()
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            return [
                "-".join(filter(None, [about, name.replace("_", "-")])) + f": {' '.join(texts)}"
                for name, texts in error.message_dict.items()
            ]
        return [f"{about}: {' '.join(error.messages)}"]
    return []

"""A reseller's gateways: their credentials, whether they are in use, and the addresses of their callbacks."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from billing.gateways.contract import Access, Adapter, GatewayError
from billing.gateways.moyasar import Moyasar
from billing.gateways.own_systems import OwnSystems
from billing.gateways.results import note_result
from billing.gateways.stripe_checkout import StripeCheckout
from billing.models import Gateway
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Reseller, User
from centers.notifications.channels.webhook import new_secret
from centers.outbound.addresses import check_url
from centers.values.page_urls import page_url

Provider = Gateway.Provider
#: How long a replaced secret is accepted, so that both sides need not change at the same second.
OVERLAP = timedelta(hours=24)
_ADAPTERS: dict[str, Adapter] = {
    Provider.STRIPE: StripeCheckout(),
    Provider.MOYASAR: Moyasar(),
    Provider.HOOK: OwnSystems(),
}
#: The providers with a page to pay on.
WITH_LINKS = Gateway.WITH_LINKS


def adapter_of(gateway: Gateway) -> Adapter:
    """The code that speaks to the gateway."""
    return _ADAPTERS[gateway.provider]


def access_of(gateway: Gateway, now: datetime) -> Access:
    """The gateway's credentials; a replaced secret belongs to them for a day."""
    old = gateway.old_secret if gateway.old_secret_until and now < gateway.old_secret_until else ""
    return Access(gateway.api_key, gateway.base_url, (gateway.webhook_secret, old))


def usable_gateways(reseller: Reseller) -> list[Gateway]:
    """The gateways on which invoices can be paid."""
    return list(Gateway.taking_payments(reseller))


def callback_url(gateway: Gateway, reseller: Reseller) -> str:
    """Where the gateway sends its callbacks."""
    if gateway.provider == Provider.HOOK:
        return page_url("payment_hook", reseller.slug)
    return page_url("gateway_callback", reseller.slug, gateway.provider)


def unsaved_gateway(*, reseller: Reseller, provider: str, **fields: object) -> Gateway:
    """The gateway as it would be saved, for a test. An empty secret keeps the stored one."""
    row = Gateway.objects.filter(reseller=reseller, provider=provider).first()
    gateway: Gateway = row or Gateway(reseller=reseller, provider=provider)
    for name in ("api_key", "webhook_secret"):
        if fields.get(name):
            setattr(gateway, name, str(fields[name]).strip())
    base_url = str(fields.get("base_url", gateway.base_url) or "")
    try:
        gateway.base_url = check_url(base_url) if base_url else ""
    except OperationRefused as refusal:
        raise OperationRefused(refusal.message, field="base_url") from refusal
    gateway.is_active = bool(fields.get("is_active", gateway.is_active))
    return gateway


def save_gateway(
    *, reseller: Reseller, provider: str, by: User | None, now: datetime, **fields: object
) -> Gateway:
    """Create or change a gateway. An empty secret keeps the stored one; a replaced webhook secret lives on for a day.

    OperationRefused: in use without a secret key, or without the webhook secret that proves its callbacks; an address
    that isn't public.
    """
    with transaction.atomic():
        Gateway.objects.filter(reseller=reseller, provider=provider).select_for_update().first()
        gateway = unsaved_gateway(reseller=reseller, provider=provider, **fields)
        before = Gateway.objects.filter(pk=gateway.pk).first()
        _check_complete(gateway)
        if before and before.webhook_secret and before.webhook_secret != gateway.webhook_secret:
            gateway.old_secret, gateway.old_secret_until = before.webhook_secret, now + OVERLAP
        gateway.save()
        entries.record(
            "gateway.changed",
            reseller=reseller,
            by=by,
            target=gateway,
            now=now,
            topics=("billing",),
            is_active=gateway.is_active,
            base_url=gateway.base_url,
        )
    return gateway


def rotate_hook_secret(*, reseller: Reseller, by: User | None, now: datetime) -> Gateway:
    """A new secret for the reseller's own systems; the one before is accepted for a day."""
    return save_gateway(
        reseller=reseller,
        provider=Provider.HOOK,
        by=by,
        now=now,
        webhook_secret=new_secret(),
        is_active=True,
    )


def test_gateway(gateway: Gateway, now: datetime) -> None:
    """Try the credentials, saved or not, and note the result of stored ones. Raises GatewayError; calls the network."""
    try:
        adapter_of(gateway).test(access_of(gateway, now))
    except GatewayError as error:
        note_result(gateway, now, error)
        raise
    note_result(gateway, now)


def _check_complete(gateway: Gateway) -> None:
    if not gateway.is_active or gateway.provider == Provider.HOOK:
        return
    for name, problem in (
        ("api_key", _("Enter the secret key before payments by link are turned on.")),
        (
            "webhook_secret",
            _(
                "Enter the webhook secret first. Without it no one could tell a real callback from a forged one."
            ),
        ),
    ):
        if not getattr(gateway, name):
            raise OperationRefused(problem, field=name)

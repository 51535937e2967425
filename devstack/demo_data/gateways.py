"""The payment gateways of the demo: those of the sandbox."""

from datetime import datetime

import requests

from billing.gateways.accounts import callback_url, save_gateway
from billing.models import Gateway
from centers.models import Reseller, User
from centers.tenancy.scoping import tenant
from devstack.sandbox.gateways.books import MOYASAR_KEY, MOYASAR_SECRET, STRIPE_KEY, STRIPE_SECRET

Provider = Gateway.Provider
_TIMEOUT_SECONDS = 10
#: The path of the API below the sandbox's address, the secret key, and what proves callbacks.
_ACCESS = {
    Provider.STRIPE: ("/gateways/stripe", STRIPE_KEY, STRIPE_SECRET),
    Provider.MOYASAR: ("/gateways/moyasar/v1", MOYASAR_KEY, MOYASAR_SECRET),
}


def connect(sandbox_url: str, reseller: Reseller, owner: User, now: datetime) -> None:
    """Enter the gateways in the product's settings, and the product's addresses at the gateways."""
    for provider, (path, key, secret) in _ACCESS.items():
        with tenant(reseller):
            if Gateway.objects.filter(provider=provider).exists():
                continue
            gateway = save_gateway(
                reseller=reseller,
                provider=provider,
                by=owner,
                now=now,
                api_key=key,
                webhook_secret=secret,
                base_url=sandbox_url + path,
                is_active=True,
            )
        merchant = {
            "provider": str(provider),
            "api_key": key,
            "secret": secret,
            "callback_url": callback_url(gateway, reseller),
        }
        requests.post(
            f"{sandbox_url}/gateways/accounts", json=merchant, timeout=_TIMEOUT_SECONDS
        ).raise_for_status()

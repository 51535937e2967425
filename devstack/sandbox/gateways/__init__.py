"""Payment gateways that are not real: Stripe Checkout and Moyasar over HTTP, with a page to pay or misbehave on."""

from .books import Account, Books, Order
from .callbacks import Postbox
from .site import GatewaySite

__all__ = ["Account", "Books", "GatewaySite", "Order", "Postbox"]

"""Names and addresses of the machine itself. Imports no Django: settings and the supervisor ask before there is one."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, means this machine, wherever it is resolved."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def on_this_machine(url: str) -> bool:
    """Whether a web address leads to this machine; False for anything that is not an address."""
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False

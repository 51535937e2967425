"""The control page: layout, and the pieces that the page fetches again every two seconds."""

from __future__ import annotations

from typing import Any

from .page_forms import account_forms, clock_buttons, fault_forms, instance_forms, rate_forms
from .page_tables import accounts, deliveries, faults, instances, rates, requests_table

_LAYOUT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MazBot sandbox</title>
<link rel="icon" href="/control/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/control/assets/page.css">
<script src="/control/assets/page.js" defer></script>
</head>
<body>
<header class="top">
<h1>MazBot sandbox</h1>
{clock}
<div class="buttons">{clock_buttons}</div>
</header>
<p id="notice" class="notice" role="status" hidden></p>
<nav aria-label="Sections">
<a href="#numbers">Numbers</a> <a href="#faults">Faults</a> <a href="#rates">Rates</a>
<a href="#webhooks">Webhooks</a> <a href="#requests">Requests</a> <a href="#accounts">Accounts</a>
</nav>
<main>
<section id="numbers"><h2>Numbers</h2>
<div class="tools"><label>Filter <input id="filter" type="search" autocomplete="off"
placeholder="id, status, country"></label> <span id="shown" class="quiet"></span></div>
{instances}
<h3>Act on a number</h3>
<p class="quiet">Choose an id in the table to fill it in here.</p>
<div class="forms">{instance_forms}</div></section>
<section id="faults"><h2>Faults</h2>{faults}<div class="forms">{fault_forms}</div></section>
<section id="rates"><h2>Rates</h2>{rates}<div class="forms">{rate_forms}</div></section>
<section id="webhooks"><h2>Webhook deliveries</h2>{deliveries}</section>
<section id="requests"><h2>Latest requests</h2>{requests}</section>
<section id="accounts"><h2>Accounts</h2>{accounts}<div class="forms">{account_forms}</div></section>
</main>
<datalist id="instance-ids"></datalist>
</body>
</html>
"""


def render_page(state: dict[str, Any], latest: list[dict[str, Any]]) -> str:
    """The whole page from a snapshot and the latest requests."""
    return _LAYOUT.format(
        **_pieces(state, latest),
        clock_buttons=clock_buttons(),
        instance_forms=instance_forms(),
        fault_forms=fault_forms(),
        rate_forms=rate_forms(state),
        account_forms=account_forms(state),
    )


def render_fragment(state: dict[str, Any], latest: list[dict[str, Any]]) -> str:
    """Only what changes by itself; the page's script replaces each piece by its id."""
    return "\n".join(_pieces(state, latest).values())


def _pieces(state: dict[str, Any], latest: list[dict[str, Any]]) -> dict[str, str]:
    return {
        "clock": _clock(state),
        "instances": instances(state),
        "faults": faults(state),
        "rates": rates(state),
        "deliveries": deliveries(state),
        "requests": requests_table(latest),
        "accounts": accounts(state),
    }


def _clock(state: dict[str, Any]) -> str:
    now = state["now"][:19].replace("T", " ")
    seconds = state["clock_offset"]
    days, rest = divmod(abs(seconds), 86_400)
    sign = "-" if seconds < 0 else "+"
    shift = (
        f"{sign}{days} d {rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}" if seconds else "real time"
    )
    return f'<p id="piece-clock" class="clock" data-piece><b>{now}</b> UTC <span class="quiet">{shift}</span></p>'

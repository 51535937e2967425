"""The control page: layout, and the pieces that the page fetches again every two seconds."""

from __future__ import annotations

from typing import Any

from .forms import account_forms, clock_buttons, fault_forms, instance_forms, inventory_forms, rate_forms
from .mails import mails
from .tables import accounts, deliveries, faults, instances, rates, requests_table
from .whatsapp import messages, template_forms, templates

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
<div class="inner">
<p class="name"><img src="/control/assets/icon.svg" alt="" width="32" height="32"><span><b>MazBot sandbox</b>
<span class="quiet">A MazBot that is not real. You are the phones, the customers and the vendor's bad
days.</span></span></p>
{clock}
</div>
<nav class="inner" aria-label="Sections">
<a href="#numbers">Numbers</a> <a href="#act">Usage and messages</a> <a href="#faults">Faults</a>
<a href="#whatsapp">WhatsApp</a> <a href="#mails">Mails</a> <a href="#rates">Rates</a>
<a href="#time">Time</a> <a href="#accounts">Accounts</a> <a href="#requests">Requests</a>
<a href="#webhooks">Webhooks</a>
</nav>
</header>
<p id="notice" class="notice" role="status" hidden></p>
<main>
<h1 class="hidden">MazBot sandbox</h1>
<details class="help" open><summary>What can I do here?</summary>
<ul>
<li><b>Break a connection:</b> press <i>Log out</i> beside a number. The product shows it red within about a
minute.</li>
<li><b>Pair a phone:</b> ask for a code in the product. It appears in the row of the number here; press
<i>Scan as the phone</i>.</li>
<li><b>Make use of a number:</b> <a href="#act">add usage or let a customer write</a>, then press <i>Run
now</i> at Usage in the product's Jobs.</li>
<li><b>Let MazBot fail:</b> <a href="#faults">start a fault</a> and see what the product says and what
it does not lose.</li>
</ul></details>
<section id="numbers"><h2>Numbers</h2>
<div class="tools"><label>Filter <input id="filter" type="search" autocomplete="off"
placeholder="id, status, country"></label> <span id="shown" class="quiet"></span></div>
{instances}</section>
<section id="act"><h2>Usage and messages</h2>
<p class="quiet">For one number: press its id in the table above, and it is filled in here.</p>
<div class="forms">{instance_forms}</div>
<details><summary>Add or remove a number</summary><div class="forms">{inventory_forms}</div></details></section>
<section id="faults"><h2>Faults</h2>
<p class="quiet">Until it is cleared, every matching request of the product meets the fault.</p>
{faults}
{fault_forms}</section>
<section id="whatsapp"><h2>WhatsApp messages</h2>
<p class="quiet">What the product sent with templates, as it arrived on the phones.</p>
{messages}
<details><summary>Templates, and numbers without WhatsApp</summary>{templates}
<div class="forms">{template_forms}</div></details></section>
<section id="mails"><h2>Mails</h2>
<p class="quiet">What the product sent to staff, centers and invited people. No mail leaves this machine.</p>
{mails}</section>
<section id="rates"><h2>Rates</h2>{rates}
<details><summary>Set a rate from now on</summary><div class="forms">{rate_forms}</div></details></section>
<section id="time"><h2>Time</h2>
<p class="quiet">Moves this sandbox only. To move the product and the sandbox together, use the ribbon on
the product's pages.</p>
<div class="buttons">{clock_buttons}</div></section>
<section id="accounts"><h2>Accounts</h2>{accounts}
<details><summary>Quota, request limit, another
account</summary><div class="forms">{account_forms}</div></details></section>
<section id="requests"><h2>Latest requests</h2>{requests}</section>
<section id="webhooks"><h2>Webhook deliveries</h2>{deliveries}</section>
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
        inventory_forms=inventory_forms(),
        fault_forms=fault_forms(),
        template_forms=template_forms(state),
        rate_forms=rate_forms(state),
        account_forms=account_forms(state),
    )


def render_fragment(state: dict[str, Any], latest: list[dict[str, Any]]) -> str:
    """Only the pieces that are refreshed automatically; the page's script replaces each by its id."""
    return "\n".join(_pieces(state, latest).values())


def _pieces(state: dict[str, Any], latest: list[dict[str, Any]]) -> dict[str, str]:
    return {
        "clock": _clock(state),
        "instances": instances(state),
        "faults": faults(state),
        "messages": messages(state),
        "templates": templates(state),
        "mails": mails(state["mails"]),
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

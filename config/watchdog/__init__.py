"""The watchdog: tells the operator what only they can mend. A process of its own that needs nothing that it watches.

It opens its own connections, sends by SMTP and to a webhook directly, and keeps what it reported in a file. While all
is well it calls HEARTBEAT_URL, so that a service outside notices when the watchdog itself, or its machine, is gone.
"""

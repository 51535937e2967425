"""Mail as it leaves this install: by SMTP or a provider's API, and why it was not taken."""

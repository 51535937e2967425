"""WhatsApp as a channel of notifications: templates, what fills them, and sending them from the reseller's account."""

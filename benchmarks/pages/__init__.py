"""Pages: what they cost at size, and what they send."""

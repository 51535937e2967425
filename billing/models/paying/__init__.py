"""What belongs to payments: what they settle, what proves them, and where they come from."""

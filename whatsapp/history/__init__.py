"""What numbers were, and why: spans by cause, sums per day, the report of a month."""

"""Pages about what the figures amount to: reconciliation, its differences, profit."""

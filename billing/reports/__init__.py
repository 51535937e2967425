"""What the figures amount to: reconciliation, profit, and how long the quota lasts."""

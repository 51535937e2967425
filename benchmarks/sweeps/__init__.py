"""The sweep, its request budget, and what follows a change: alerts and messages."""

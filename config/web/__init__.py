"""The web process: how many connections it accepts, and what happens at the limit."""

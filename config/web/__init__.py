"""The web process: how many connections it takes, and what happens to those it has no room for."""

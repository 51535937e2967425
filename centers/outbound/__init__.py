"""Requests to addresses that people enter: only to the public internet, bounded in time and size, never redirected."""

"""Closing the periods of many centers together: what they are made of, storing it, and the monthly run."""

"""Taxes: the rate of a day, the taxes of a document, legal identities, and the report."""

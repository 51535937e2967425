"""Taxes: categories and terms, which charges and lines have, too; rates, identities and the taxes of documents."""

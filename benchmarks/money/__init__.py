"""Invoices, stored usage, and what is due."""

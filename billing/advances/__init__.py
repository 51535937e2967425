"""Advance invoices: the tax on what was paid in advance, deducted by later invoices and credited if it isn't kept."""

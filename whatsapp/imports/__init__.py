"""Importing centers and numbers from Excel and CSV files."""

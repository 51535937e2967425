"""Credit: notes over parts of invoices, converting it to another currency, refunding it."""

"""What people are sent: invoices, credit notes, receipts and statements, as PDF and as data."""

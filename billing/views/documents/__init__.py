"""The pages and files of documents: how they look, invoices for programs, receipts, statements."""

"""How money comes in: files of payments, gateways and their callbacks, bank statements."""

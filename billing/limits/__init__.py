"""Credit limits and prepaid centers: exposure, the check of it, the messages about it."""

"""What a margin would make, and price lists as files."""

"""What centers are expected to pay, and when."""

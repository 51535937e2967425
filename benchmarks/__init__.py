"""`make bench`: every figure that the README quotes, measured on this machine."""

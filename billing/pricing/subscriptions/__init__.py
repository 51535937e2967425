"""What numbers are charged besides messages: which subscriptions and one-off charges are due, and their prices."""

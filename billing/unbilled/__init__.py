"""What no invoice has yet: subscriptions and charges as they accrue, and usage with its cost."""

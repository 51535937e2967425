"""Forms about payments that come from elsewhere: a bank, a gateway, a center."""

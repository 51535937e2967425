"""Pages of taxes: settings, a center's legal details and rate, the report."""

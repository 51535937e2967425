"""Forms for money. A POST cannot change what a form does not declare."""

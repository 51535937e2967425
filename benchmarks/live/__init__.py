"""The web process under load and at rest, and the whole product."""

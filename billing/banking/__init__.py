"""Bank statements: reading a bank's file, proposing whose payment each line is, recording what staff confirm."""

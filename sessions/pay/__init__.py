"""Bonus and pay: what is owed, statements and sheets to sign."""

"""A session from gate to end: may it start, what it shows, what it records."""

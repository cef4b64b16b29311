"""Keys: every press once, and what is printed on each."""

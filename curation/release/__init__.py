"""The published tables: writing, reading and checking them."""

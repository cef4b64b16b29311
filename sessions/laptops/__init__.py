"""Laptops: what each takes along, and how its ratings come back."""

"""Laptops: what was dealt, and the seals of what came back."""

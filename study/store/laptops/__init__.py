"""Laptops: the part of a store that each was given, and its seal."""

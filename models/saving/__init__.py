"""Saved networks and their cards."""

"""Vetting by eye: queue, hints, a local page, and what it came to."""

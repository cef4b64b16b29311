"""Clips: the only place that opens media files."""

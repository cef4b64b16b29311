"""Check a release as a stranger receives it, without the store."""

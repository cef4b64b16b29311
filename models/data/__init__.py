"""Lists and records as training data, and where they come from."""

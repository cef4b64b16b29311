"""From any number of a study back to the key press."""

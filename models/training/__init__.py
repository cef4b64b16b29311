"""Training: its description, the compiled loop, epochs, resuming, experiments."""

"""Training: the compiled loop, schedules, runs and experiments."""

"""Sessions, trials, their evidence, and ratings."""

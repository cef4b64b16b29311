"""The headphone check: its sounds, the level, and whether they are worn."""

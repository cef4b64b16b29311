"""The sound of a clip: in one form, at one rate, every sample at its own time."""

"""The window: all of PsychoPy, the keyboard and the sound device."""

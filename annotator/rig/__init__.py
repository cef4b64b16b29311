"""Check a rig: what the display, the keyboard and the sound device can do, and its grade."""

"""A stage without a window, and simulated key presses."""

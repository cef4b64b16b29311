"""Sound: paths to a device, and the headphones with their level."""

"""Sound: the ways to a device, and the headphones with their level."""

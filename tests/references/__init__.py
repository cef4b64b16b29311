"""Independent references that the program is compared with."""

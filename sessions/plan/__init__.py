"""Who rates what: the assignment, its schedule, and its changes."""

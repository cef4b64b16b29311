"""Other processes: one pool for all heavy work, and how a process ends, is limited and is named."""

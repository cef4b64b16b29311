"""What ratings decide, and which clips need a further one."""

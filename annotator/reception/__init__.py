"""Who is there and what comes next, asked on the screen before a session begins."""

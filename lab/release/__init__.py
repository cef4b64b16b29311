"""Pack a study for people outside the lab: tables, archives, texts and their descriptions."""

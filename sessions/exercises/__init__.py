"""Training and screening: which clips, who passed, and the headphone check."""

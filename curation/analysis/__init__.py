"""Agreement, raters, and what would change under other rules."""

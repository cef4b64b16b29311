"""What participants read: Markdown texts with placeholders, one folder per language."""

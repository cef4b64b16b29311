"""Networks as observers of manipulated clips: extraction and answers in one go."""

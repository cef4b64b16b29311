"""Look at embeddings: neighbours, and a page."""

"""Other processes: the pool for heavy work, and how they end, are limited and are named."""

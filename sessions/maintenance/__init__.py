"""Back-ups and checks of a store."""

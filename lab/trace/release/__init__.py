"""Follow a row of a release as far as the release goes, and on into the store."""

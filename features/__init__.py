"""Audiovisual embeddings of clips, compatible with the published records."""

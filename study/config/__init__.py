"""`study.toml`: the study, its protocol, screen, keys and headphones."""

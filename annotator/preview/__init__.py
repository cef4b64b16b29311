"""Pictures of all that people see in a study's sessions, and what is wrong with them."""

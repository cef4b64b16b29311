"""The experimenter's desk: people, exercises, assignments, gates, bonus and pay."""

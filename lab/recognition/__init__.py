"""The demo of people against networks: its lists, its steps, and how far it has come."""

"""How the study goes: agreement over time, alarms, forecast."""

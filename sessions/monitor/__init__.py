"""Progress of the study: agreement over time, alarms, forecast."""

"""From Moments in Time to candidates: reading, auditing and admitting clips."""

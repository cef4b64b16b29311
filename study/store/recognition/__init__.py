"""Recognition: stimuli, who meets which, and what they answered."""

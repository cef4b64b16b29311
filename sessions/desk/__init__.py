"""The desk in the browser: who may do what next, and what an experimenter does all day."""

"""The task itself, decided without a window: trials, pages, layout, and the stage they need."""

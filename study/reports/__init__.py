"""Pages: HTML, figures, and the guard of local pages."""

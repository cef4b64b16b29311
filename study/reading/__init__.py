"""Read what comes from outside: text, tables, arrays and archives, checked and within limits."""

"""Messages: content, the ways in which it travels, and what must become of it."""

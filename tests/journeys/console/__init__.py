"""Each person's work at the console, in a real browser."""

"""Every query, a file an aggregate. Functions take a session and return records."""

"""What tests share: real processes, a real PostgreSQL, pictures, the search for what must be nowhere."""

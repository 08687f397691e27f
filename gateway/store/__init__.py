"""SQL: rows go in, value types come out. SQLite in WAL mode and PostgreSQL, the same code."""

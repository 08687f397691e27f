"""`privgate ingest|watch|export`: images in and sanitized copies out over HTTP, from anywhere."""

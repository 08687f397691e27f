"""The gateway: images in, sanitized copies out through grants, originals sealed, every step recorded."""

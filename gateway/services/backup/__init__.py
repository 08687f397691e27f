"""Backup and restore: an installation's database, sealed blobs and checkpoints; no key among them."""

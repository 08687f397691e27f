"""Keys, envelopes, blobs: how originals and copies lie at rest. Knows no SQL, no HTTP; logs nothing."""

"""What must be hidden, and who may see what. Pure: no clock, no network, no SQL, no pixels."""

"""The product's promises, shown over HTTP with its real processes, detectors and photos."""

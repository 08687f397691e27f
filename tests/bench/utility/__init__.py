"""What redacted images are still good for: how much of them changed, and what detectors still see in them.

The counterpart of `tests.bench.attacks`: those say what a method leaves to an attacker, this what it leaves
to the people whom the copies are made for.
"""

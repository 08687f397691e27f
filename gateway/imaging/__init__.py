"""Bytes to pixels, pixels to bytes, and what is done to pixels in between.

Nothing is imported here on purpose: the confined decoder process imports this package and must stay small.
"""

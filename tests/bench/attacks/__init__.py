"""Attacks on sanitized copies: what somebody who knows our code can still tell of what was hidden.

    python -m tests.bench.attacks [--only plates,text,faces,deblur,average] [--faces DIR] [--report FILE]

gateway/imaging/REDACTION.md has the results and says what was chosen by them.
"""

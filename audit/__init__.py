"""The tamper-evident log: what an entry is, how entries become a signed tree, how anyone checks it offline.

    entry.py         an entry, its one canonical form, and the writer's chain within it
    merkle.py        the tree of RFC 9162: append, root, inclusion and consistency proofs
    note.py          signed notes and their keys (C2SP signed-note, Ed25519)
    checkpoint.py    what the log signs: origin, size, root (C2SP tlog-checkpoint)
    outside.py       the append-only file of checkpoints kept outside the database
    export.py        the log as JSON Lines
    verification.py  one pass over an export, with chains.py and history.py; report.py is its result
    verify.py        the command: `python -m audit.verify EXPORT --key PUBLIC [--checkpoints FILE]`
    twin_test.py     certificates of the twin test, and what the log holds of them
    certificate.py   the command: `python -m audit.certificate CERTIFICATE --key PROVER [--export EXPORT …]`
    errors.py        what can be wrong

How the parts are used, in order. A writer builds an Entry from its own last one and stores it in the
transaction of the action it records. The one sequencer gives the stored entries their places, every writer's
in the order of its sequence numbers, appends `leaf_hash(entry.to_bytes())` to a CompactTree, and now and
then signs a Checkpoint; the note goes into the database and, by `append_note`, into a file elsewhere. The
auditor gets an export, the public key and that file.

Imports the standard library and `cryptography`, nothing of the house: an auditor can take this folder alone.
"""

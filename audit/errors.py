"""What can be wrong with the audit log, its proofs or its signatures.

AuditError
├── MalformedEntry         not the canonical bytes of an entry, or a value it may not hold
├── ProofError             a Merkle proof that proves nothing
│   ├── ProofOutOfRange        the index or the sizes do not fit each other
│   ├── MalformedHash          a hash that is not 32 bytes
│   ├── ProofTooShort          hashes are missing from the proof
│   ├── ProofTooLong           the proof holds more hashes than the tree has levels
│   └── RootMismatch           the proof leads to another root
├── NoteError              a signed note that cannot be trusted
│   ├── MalformedNote          not a signed note
│   ├── MalformedKey           not a signing or verifier key
│   ├── UnknownSigner          carries no signature by this key
│   └── BadSignature           carries a signature by this key that does not verify
├── MalformedCheckpoint    a note whose text is not a checkpoint
├── MalformedCertificate   a note whose text is not a certificate of the twin test
├── WrongOrigin            a checkpoint of another log
├── MalformedRecord        a line that is no record of an export
└── UnreadableExport       not an export of this format and version at all
"""


class AuditError(Exception):
    """The base of this package's errors."""


class MalformedEntry(AuditError):
    """Not the canonical bytes of an entry, or a value that an entry may not hold."""


class ProofError(AuditError):
    """The base of what can be wrong with an inclusion or a consistency proof."""


class ProofOutOfRange(ProofError):
    """The index does not lie in the tree, or the older tree is not the smaller one."""


class MalformedHash(ProofError):
    """A leaf, node or root that is not 32 bytes."""


class ProofTooShort(ProofError):
    """The proof ends before the root is reached."""


class ProofTooLong(ProofError):
    """The proof goes on after the root is reached."""


class RootMismatch(ProofError):
    """The proof is well formed and leads to another root."""


class NoteError(AuditError):
    """The base of what can be wrong with a signed note and its keys."""


class MalformedNote(NoteError):
    """Not a signed note: text, an empty line, signature lines."""


class MalformedKey(NoteError):
    """Not a key in the text form of signed notes, or its hash does not belong to it."""


class UnknownSigner(NoteError):
    """The note carries no signature by the key it is opened with."""


class BadSignature(NoteError):
    """The note names the key it is opened with, and the signature does not verify."""


class MalformedCheckpoint(AuditError):
    """Not the three lines origin, size and root."""


class MalformedCertificate(AuditError):
    """A signed note whose text is no certificate of the twin test, or one of another version."""


class WrongOrigin(AuditError):
    """A checkpoint of another log than the key's."""


class MalformedRecord(AuditError):
    """A line of an export that is none of its records."""


class UnreadableExport(AuditError):
    """Not an export, or one of a version that this program does not know."""

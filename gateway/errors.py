"""The gateway's exceptions, by who is at fault.

    GatewayError
    ├── InputRefused            what was handed in cannot be taken: says why and what to do
    │   ├── UnsupportedFormat       not an image format we take
    │   ├── MalformedImage          claims to be one and does not decode
    │   ├── LimitExceeded           too many bytes, pixels or frames
    │   ├── DecodeTimeout           took longer than the time limit, or crashed the decoder
    │   └── DeadlineExceeded        kept its worker for longer than any image may
    ├── Misconfigured           the operator must act: says which command or setting mends it
    │   ├── MissingModel            a model file is absent or is not the one the manifest names
    │   ├── MissingDetector         a policy names a detector that cannot run here
    │   ├── KeyringError            the keyring is absent, unreadable, too open or lacks the key
    │   └── DatabaseUnavailable     the database's URL names none that can be opened
    ├── VaultError              sealed bytes that do not open
    │   ├── EnvelopeError           does not authenticate, is truncated, or is bound to something else
    │   └── BlobMissing             no such blob in the store
    ├── VaultUnavailable        a store or a keyring that does not answer now: says nothing of what lies there
    ├── OutputCheckFailed       the sanitized file is not what was planned: never onward
    ├── NotProven               a sanitized file that its regions and twins do not give again
    ├── AccessDenied            a principal asked for what it may not have
    ├── NotFound                no such record, or none this principal may know of
    │   └── Withdrawn               a copy that was delivered once and is not any more
    ├── Conflict                the state of the record forbids it
    │   ├── KeyReused               an Idempotency-Key that came with other bytes before
    │   └── Unseen                  a reviewer would release what the gateway did not show them
    ├── Unauthenticated         no token, or none that is known: counted, not entered
    └── LedgerUnavailable       the audit entry could not be committed: nothing is delivered

`policies` and `audit` have their own trees. No message of an exception that may cross a job's step holds
a file name, text or pixels: the job engine writes it to its database.
"""


class GatewayError(Exception):
    """The base of the gateway's errors."""


class InputRefused(GatewayError):
    """Input that is not taken.

    code: machine-readable, stable, such as "format.unsupported".
    advice: one sentence that says what the sender can do.
    """

    code = "input.refused"

    def __init__(self, message: str, *, advice: str, code: str | None = None) -> None:
        super().__init__(message)
        self.advice = advice
        if code is not None:
            self.code = code


class UnsupportedFormat(InputRefused):
    code = "format.unsupported"


class MalformedImage(InputRefused):
    code = "image.malformed"


class LimitExceeded(InputRefused):
    code = "limit.exceeded"


class DecodeTimeout(InputRefused):
    code = "decode.timeout"


class DeadlineExceeded(InputRefused):
    code = "job.deadline"


class Misconfigured(GatewayError):
    """The installation lacks something; the message ends with the command that mends it."""


class MissingModel(Misconfigured):
    """A model file is absent, or its SHA-256 is not the manifest's."""


class MissingDetector(Misconfigured):
    """A policy names a detector whose libraries or models are not there."""


class KeyringError(Misconfigured):
    """The keyring is absent, unreadable, readable by others, or lacks the key asked for."""


class DatabaseUnavailable(Misconfigured):
    """The URL of a database names none that can be opened. Its words may not hold the URL, nor a password."""


class VaultError(GatewayError):
    """The base of what can go wrong with sealed bytes."""


class EnvelopeError(VaultError):
    """Sealed bytes that do not authenticate, are cut short, or were sealed for another object."""


class BlobMissing(VaultError):
    """The blob store has no object of this name."""


class VaultUnavailable(GatewayError):
    """A blob store or a keyring does not answer, is full, or refuses this process: an outage, not a broken
    object. Apart from VaultError, so that nothing that holds an image for its bytes takes it for one.

    keys: it is the keyring.
    """

    code = "vault.unavailable"
    advice = "nothing is wrong with what was asked for; try again later"

    def __init__(self, message: str, *, keys: bool = False) -> None:
        super().__init__(message)
        self.keys = keys


class OutputCheckFailed(GatewayError):
    """The encoded sanitized copy differs from the plan; it goes nowhere.

    code: which check failed, such as "check.metadata".
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class NotProven(GatewayError):
    """A file that is not what was made again of its original, or of a twin with other hidden pixels.

    code: "prove.twin", "prove.content" or "prove.copy", see `services.prove`.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class AccessDenied(GatewayError):
    """Refused by policy. reason: the machine-readable code that the audit entry carries. advice: what would
    mend it, where something would."""

    def __init__(self, reason: str, *, advice: str | None = None) -> None:
        super().__init__(f"access denied: {reason}")
        self.reason = reason
        self.advice = advice


class NotFound(GatewayError):
    """No such record, or none that this principal may know of."""


class Withdrawn(NotFound):
    """A copy that was taken back; a newer one may be there."""


class Conflict(GatewayError):
    """The record's state forbids what was asked."""


class Unseen(Conflict):
    """A release of an image under review by somebody whom not all of it has reached.

    frames: those that did not, from 0.
    """

    code = "review.unseen"
    advice = (
        "fetch the image, each frame named by `frame`, look at it, and decide again; to quarantine it you "
        "need not look"
    )

    def __init__(self, message: str, *, frames: tuple[int, ...]) -> None:
        super().__init__(message)
        self.frames = frames


class LedgerUnavailable(GatewayError):
    """The audit entry could not be committed, so nothing is delivered."""


class KeyReused(Conflict):
    """The Idempotency-Key was used before, for another request."""


class Unauthenticated(GatewayError):
    """No bearer token, or one that is unknown or revoked."""

"""The log as it grows, held against every signed checkpoint at the size it signs.

The tree is made of the recorded leaf hashes (that they belong to the texts is checked beside it), so an
altered text alone is blamed on its entry, and the signed roots still vouch for all others. Where a root does
not match, the change lies between the last checkpoint that matched and the first that does not; no
finer answer exists without a copy.

A checkpoint stands in the export right after the entries it signs. One that comes earlier waits for its
entries, and if they never come the log is cut short. One that comes later cannot be checked any more.
Memory: 40 bytes a checkpoint seen, to tell a repeated size from two histories.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left
from collections.abc import Iterable

from audit.checkpoint import Checkpoint
from audit.merkle import HASH_BYTES, CompactTree
from audit.report import Code, Findings


class History:
    """Feed entries and opened checkpoints in the order of the export, then `finish` once."""

    def __init__(self, findings: Findings, outside: Iterable[tuple[int, bytes]] = ()) -> None:
        """outside: size and root of the checkpoints kept elsewhere."""
        self._findings = findings
        self._tree = CompactTree()
        self._next = 0  # the index that is due
        self._seen = _SeenRoots()
        self._waiting = [(size, True, root) for size, root in outside]  # (size, from outside, root)
        heapq.heapify(self._waiting)
        self._unmet: dict[bool, int] = {}  # from outside -> size of the first unmet one since one was met
        self._good = {False: 0, True: 0}  # from outside -> the last size up to which it vouches for the log
        self._split: set[int] = set()  # sizes already named as two histories
        self._absent = 0
        self.entries = 0
        self.met = self.outside_met = 0
        self.covered = 0
        self.root: bytes | None = None

    @property
    def signed(self) -> int:
        """The largest size that a checkpoint of the export signs, met or not."""
        return self._seen.largest

    def entry(self, index: int, leaf: bytes) -> None:
        """The next entry of the export. leaf: its recorded hash, 32 bytes."""
        self._settle(index)
        if index > self._next:
            self._missing(index)
        elif index < self._next:
            text = f"entry {index} comes after entry {self._next - 1}: repeated, or out of order"
            self._findings.fail(Code.INDEX_ORDER, text, entry=index, after=self._next - 1)
        self._tree.append(leaf)
        self.entries += 1
        self._next = max(self._next, index + 1)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """The next checkpoint of the export, its signature verified."""
        size, root = checkpoint.size, checkpoint.root
        known = self._seen.get(size)
        if known == root:
            text = f"the checkpoint of {size} entries stands there twice"
            self._findings.fail(Code.CHECKPOINT_REPEATED, text, size=size)
            return
        if known is not None:
            self._split_view(size, f"two signed checkpoints of {size} entries have different roots")
        elif size < self._seen.largest:
            text = f"a checkpoint of {size} entries follows one of {self._seen.largest}"
            self._findings.fail(Code.CHECKPOINT_ORDER, text, size=size)
            return
        else:
            self._seen.add(size, root)
        self._place(size, root)

    def finish(self) -> None:
        """After the last record: what still waits for entries, and what no checkpoint covers."""
        self._settle(self._next)
        beyond = {False: list[int](), True: list[int]()}
        for size, outside, _ in self._waiting:
            beyond[outside].append(size)
        if beyond[False]:
            self._short(Code.LOG_TRUNCATED, "a checkpoint of the export", max(beyond[False]))
        if beyond[True]:
            self._short(Code.LOG_ROLLED_BACK, "a checkpoint kept outside", max(beyond[True]))
        if self._absent:
            text = (
                f"{self._absent} checkpoints kept outside are not in the export, though the entries meet them"
            )
            self._findings.notice(Code.CHECKPOINT_ABSENT, text, count=self._absent)

    def _place(self, size: int, root: bytes) -> None:
        if size < self._next:
            text = (
                f"the checkpoint of {size} entries comes after entry {self._next - 1}, too late to be checked"
            )
            self._findings.fail(Code.CHECKPOINT_ORDER, text, size=size)
        elif size == self._next:
            self._compare(size, root, outside=False)
        else:
            heapq.heappush(self._waiting, (size, False, root))

    def _settle(self, size: int) -> None:
        """Compares what waited for the log to reach up to `size` entries."""
        while self._waiting and self._waiting[0][0] <= size:
            due, outside, root = heapq.heappop(self._waiting)
            met = self._compare(due, root, outside=outside)
            if met and not outside:
                text = f"the checkpoint of {due} entries stands before the entries that it signs"
                self._findings.fail(Code.CHECKPOINT_ORDER, text, size=due)
            if outside:
                self._match_with_export(due, root, met=met)

    def _compare(self, size: int, root: bytes, *, outside: bool) -> bool:
        if self._tree.size != size or self._tree.root() != root:
            self._differs(size, outside=outside)
            return False
        for earlier in [unmet for unmet in self._unmet.values() if unmet < size]:
            text = f"the signed checkpoints of {earlier} and of {size} entries are not of one history"
            self._split_view(earlier, text)
        # One kept outside vouches for those within as well; that these agree with it is the question.
        for source in (False, True) if outside else (False,):
            self._good[source] = size
            self._unmet.pop(source, None)
        self.met += not outside
        self.outside_met += outside
        self.covered, self.root = size, root
        return True

    def _differs(self, size: int, *, outside: bool) -> None:
        """Names the interval once: everything after the first unmet checkpoint is unmet too."""
        if outside in self._unmet:
            return
        self._unmet[outside] = size
        code = Code.OUTSIDE_ROOT if outside else Code.CHECKPOINT_ROOT
        good = self._good[outside]
        since = f"the last good checkpoint, of {good} entries," if good else "the beginning"
        until = f"the first bad one {'kept outside' if outside else 'in the export'}, of {size} entries"
        text = f"between {since} and {until}, the log is not what was signed"
        if good < size:
            text += f": an entry from {good} to {size - 1} was altered, added, removed or moved"
        self._findings.fail(code, text, good=good, bad=size)

    def _match_with_export(self, size: int, root: bytes, *, met: bool) -> None:
        known = self._seen.get(size)
        if known is None:
            self._absent += met
        elif known != root:
            text = f"the export's checkpoint of {size} entries and the one kept outside have different roots"
            self._split_view(size, text)

    def _split_view(self, size: int, text: str) -> None:
        if size not in self._split:
            self._split.add(size)
            self._findings.fail(Code.SPLIT_VIEW, f"{text}: the log's key signed two histories", size=size)

    def _missing(self, index: int) -> None:
        first, last = self._next, index - 1
        missing = f"entry {first} is" if first == last else f"entries {first} to {last} are"
        self._findings.fail(Code.INDEX_MISSING, f"{missing} missing", first=first, last=last)

    def _short(self, code: Code, source: str, size: int) -> None:
        first, last = self._next, size - 1
        missing = f"entry {first} is" if first == last else f"entries {first} to {last} are"
        text = f"{source} signs {size} entries and the log ends after {self._next}: {missing} cut off"
        self._findings.fail(code, text, first=first, last=last, size=size)


class _SeenRoots:
    """Roots by strictly ascending size, 40 bytes each."""

    def __init__(self) -> None:
        self._sizes = array("Q")
        self._roots = bytearray()

    @property
    def largest(self) -> int:
        return self._sizes[-1] if self._sizes else 0

    def add(self, size: int, root: bytes) -> None:
        self._sizes.append(size)
        self._roots += root

    def get(self, size: int) -> bytes | None:
        place = bisect_left(self._sizes, size)
        if place == len(self._sizes) or self._sizes[place] != size:
            return None
        return bytes(self._roots[place * HASH_BYTES : (place + 1) * HASH_BYTES])

"""Reading of lines: whether policies that hide identifiers only can run on this machine."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Sequence

from gateway.detection.models import ModelState, ModelStore
from gateway.detection.reader import INSTALL
from gateway.services.findings import Finding, broken, fine, warning
from gateway.store.database import Database
from gateway.store.queries import datasets, policies

LIBRARIES = ("torch", "torchvision", "easyocr")
MODEL = "easyocr-english"
USED = "policies that hide identifiers only"


def reading(
    store: ModelStore, database: Database | None = None, libraries: Sequence[str] = LIBRARIES
) -> Iterator[Finding]:
    """The extra `ocr` may be missing; not where a dataset's policy needs it.

    database: None where there is none.
    """
    number = 0 if database is None else _datasets_that_need_it(database)
    lacking = [name for name in libraries if importlib.util.find_spec(name) is None]
    if lacking:
        said = f"{', '.join(lacking)} not installed (the extra `ocr`): {USED} refuse to run here"
        yield (
            broken("reading", f"{said}, and {number} datasets are under one", INSTALL)
            if number
            else fine("reading", f"{said}; `{INSTALL}` adds it")
        )
        return
    state = next(status.state for status in store.list() if status.entry.name == MODEL)
    if state is not ModelState.PRESENT:
        level = broken if number or state is ModelState.WRONG else warning
        remedy = f"privgate models fetch {MODEL}"
        yield level("reading", f"the model {MODEL} is {state}: {USED} refuse to run here", remedy)
        return
    try:
        importlib.import_module("gateway.detection.easyocr_reader")
    except Exception as exc:
        yield broken("reading", f"EasyOCR cannot be imported ({type(exc).__name__})", INSTALL)
    else:
        yield fine("reading", f"EasyOCR reads lines, for {number} datasets")


def _datasets_that_need_it(database: Database) -> int:
    with database.reading() as session:
        versions = [dataset.policy_version for dataset in datasets.all_datasets(session)]
        needing = {version for version in set(versions) if policies.load(session, version).reads}
    return sum(version in needing for version in versions)

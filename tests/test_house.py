"""The house: who may import whom, and that each rule bites when it is broken."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("gateway", "policies", "audit")
MAX_LINES = 400

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]

HOUSE, PURE, LABELS, BROKER, VAULT, CLIENT, BENCH, BLACK_BOX, SETTINGS = (
    contract["name"] for contract in CONTRACTS
)

# In each round, lines that break a rule, the file each is added to, and the rules that must then fail: those
# and no others. Within a round no rule is broken twice, so each violation answers for its own.
ROUNDS: list[list[tuple[str, str, set[str]]]] = [
    [
        ("gateway/services/broker.py", "import gateway.vault.envelope", {BROKER}),
        ("gateway/services/grants.py", "import gateway.web.problems", {HOUSE}),
        ("gateway/services/intake.py", "import gateway.settings", {SETTINGS}),
        ("gateway/vault/keys.py", "import sqlmodel", {VAULT}),
        ("policies/plan.py", "import gateway.errors", {PURE}),
        ("gateway/labels/coco.py", "import sqlmodel", {LABELS}),
        ("gateway/client/flow.py", "import gateway.services.ids", {CLIENT}),
        ("gateway/bench/peer.py", "import gateway.store.schema", {BENCH}),
        ("gateway/bench/score.py", "import gateway.detection.boxes", {BLACK_BOX}),
    ],
    [
        ("gateway/services/broker.py", "import gateway.imaging.decode", {BROKER}),
        ("gateway/imaging/encode.py", "import gateway.detection.fuse", {HOUSE}),
        ("gateway/detection/models.py", "import gateway.settings", {SETTINGS}),
        ("gateway/vault/keyring.py", "import fastapi", {VAULT}),
        ("audit/merkle.py", "import sqlalchemy", {PURE}),
        ("gateway/labels/export.py", "import httpx", {LABELS}),
        # Not even the words: they come to the client by HTTP, or not at all.
        ("gateway/client/answers.py", "import policies.model", {CLIENT}),
        ("gateway/bench/page.py", "import cryptography", {BENCH}),
        # The score may not even know how the product decodes.
        ("gateway/bench/pixels.py", "import gateway.imaging.formats", {BLACK_BOX}),
    ],
    [
        # Not even through another file that the broker uses.
        ("gateway/services/authorize.py", "import gateway.vault.keys", {BROKER}),
        ("gateway/detection/fuse.py", "import gateway.services.ids", {HOUSE}),
        ("policies/model.py", "import cv2", {PURE, LABELS}),
    ],
    [
        ("gateway/services/ports.py", "import gateway.imaging.encode", {BROKER}),
        ("policies/plan.py", "import audit.entry", {HOUSE}),
        ("policies/access.py", "import fastapi", {PURE}),
    ],
    [
        ("gateway/vault/blobs.py", "import gateway.store.database", {HOUSE, VAULT}),
        ("gateway/services/disclosure.py", "import gateway.imaging.encode", {BROKER}),
    ],
    [("gateway/store/ledger.py", "import gateway.vault.keys", {HOUSE, BROKER})],
    [("gateway/services/grants.py", "import gateway.cli.options", {HOUSE, SETTINGS})],
    [("gateway/web/problems.py", "import gateway.cli.options", {HOUSE})],
    [("gateway/client/api.py", "import gateway.web.problems", {HOUSE, CLIENT})],
    [("gateway/labels/model.py", "import gateway.store.records", {HOUSE})],
    [("audit/merkle.py", "import policies.model", {HOUSE})],
]


def lint_imports(folder: Path) -> str:
    """What the import linter says of the packages in a folder."""
    # The folder comes first on the path, so that it is its packages that are looked at.
    command = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports_command as lint; lint()",
    ]
    done = subprocess.run(
        [*command, "--config", str(folder / "pyproject.toml"), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "400"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stdout + done.stderr


def verdicts(said: str) -> dict[str, bool]:
    """Each contract's name, and whether it is kept."""
    found = {}
    for line in said.splitlines():
        for word, kept in ((" KEPT", True), (" BROKEN", False)):
            if line.rstrip().endswith(word):
                found[line.rstrip().removesuffix(word)] = kept
    return found


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages that a test may spoil."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_every_contract_is_kept(scratch: Path) -> None:
    said = lint_imports(scratch)
    assert verdicts(said) == {contract["name"]: True for contract in CONTRACTS}, said


@pytest.mark.parametrize("number", range(len(ROUNDS)))
def test_an_import_that_breaks_a_rule_is_refused(scratch: Path, number: int) -> None:
    genuine = {file: (scratch / file).read_text("utf-8") for file, _, _ in ROUNDS[number]}
    try:
        for file, line, _ in ROUNDS[number]:
            (scratch / file).write_text(f"{genuine[file]}\n{line}\n", "utf-8")
        said = lint_imports(scratch)
    finally:
        for file, text in genuine.items():
            (scratch / file).write_text(text, "utf-8")
    expected = {name for _, _, broken in ROUNDS[number] for name in broken}
    assert verdicts(said) == {contract["name"]: contract["name"] not in expected for contract in CONTRACTS}, (
        said
    )


def test_each_rule_is_tried_and_once_a_round() -> None:
    broken = [[name for _, _, names in violations for name in names] for violations in ROUNDS]
    assert all(len(names) == len(set(names)) for names in broken)
    assert {name for names in broken for name in names} == {contract["name"] for contract in CONTRACTS}


def product_files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def test_no_product_file_is_longer_than_a_room_can_hold() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in product_files()}
    assert len(lengths) > 50
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


def imported(path: Path) -> set[str]:
    """The top-level names of all that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize(
    ("package", "besides"),
    [("audit", {"cryptography"}), ("policies", {"cedarpy", "pydantic", "pydantic_core", "yaml"})],
)
def test_policies_and_audit_need_nothing_of_ours_and_little_of_others(
    package: str, besides: set[str]
) -> None:
    for path in (ROOT / package).rglob("*.py"):
        foreign = imported(path) - {package} - set(sys.stdlib_module_names)
        assert foreign <= besides, path


def test_only_the_composition_roots_read_the_environment() -> None:
    roots = {ROOT / "gateway" / part for part in ("cli", "web")} | {ROOT / "gateway" / "settings.py"}
    for path in product_files():
        text = path.read_text("utf-8")
        if "os.environ" in text or "getenv" in text:
            assert any(path == root or root in path.parents for root in roots), path

"""`python -m audit.verify` as an auditor runs it: another process, files only, a telling exit status."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import audit
from audit.verify import main
from tests.audit.logs import KEY, Log, edited

FOLDER = Path(audit.__file__).parent if audit.__file__ else Path()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with an untouched export, the outside file and the public key."""
    write(tmp_path, Log())
    (tmp_path / "checkpoints").write_text("".join(Log().outside()))
    (tmp_path / "key").write_text(KEY.to_text() + "\n")
    return tmp_path


def write(folder: Path, log: Log) -> None:
    (folder / "export").write_text("".join(log.lines()))


def run(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "audit.verify", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(FOLDER.parent)},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_untouched_export_ends_with_0(files: Path) -> None:
    result = run(files, "export", "--key", "key", "--checkpoints", "checkpoints", "--strict")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("VERIFIED: 20 entries and 4 checkpoints of privgate.test/log")


def test_a_tampered_export_ends_with_1_and_a_line_for_each_finding(files: Path) -> None:
    log = Log()
    log.entries[12] = edited(log.entries[12], actor="p_999")
    log.entries[16] = replace(log.entries[16], leaf=bytes(32))
    write(files, log)
    result = run(files, "export", "--key", "key")
    assert result.returncode == 1
    assert result.stdout.splitlines()[:3] == [
        "entry.leaf: entry 12: its text is not what its leaf hash was made of",
        "entry.leaf: entry 16: its text is not what its leaf hash was made of",
        "checkpoint.root: between the last good checkpoint, of 15 entries, and the first bad one in "
        "the export, of 20 entries, the log is not what was signed: "
        "an entry from 15 to 19 was altered, added, removed or moved",
    ]
    assert result.stdout.splitlines()[3].startswith("TAMPERED: ")


def test_standard_input_and_a_key_on_the_command_line(files: Path) -> None:
    result = run(files, "-", "--key", KEY.to_text(), "--json", stdin=(files / "export").read_text())
    assert result.returncode == 0
    assert json.loads(result.stdout)["verdict"] == "verified"


def test_the_json_report_is_for_machines(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(files, Log(12, (5, 10)))
    arguments = [str(files / "export"), "--key", str(files / "key"), "--json"]
    assert main([*arguments, "--checkpoints", str(files / "checkpoints")]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "tampered"
    assert (report["entries"], report["checkpoints_met"], report["outside_met"], report["failures"]) == (
        12,
        2,
        2,
        1,
    )
    assert report["findings"][0]["code"] == "log.rolled_back"
    assert report["findings"][1] == {
        "code": "log.uncovered",
        "severity": "notice",
        "message": "2 entries are not yet under a checkpoint",
        "count": 2,
    }


def test_an_unproven_log_ends_with_1(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(files, Log(sizes=()))
    assert main([str(files / "export"), "--key", str(files / "key")]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("UNPROVEN: ")


WRONG_USAGE = {
    "no such export": ["missing", "--key", "key"],
    "no such outside file": ["export", "--key", "key", "--checkpoints", "missing"],
    "a key that is none": ["export", "--key", "missing"],
    "a file that is no key": ["export", "--key", "export"],
    "a file that is no export": ["key", "--key", "key"],
}


@pytest.mark.parametrize("arguments", WRONG_USAGE.values(), ids=WRONG_USAGE.keys())
def test_what_cannot_be_read_ends_with_2(
    files: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(files)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("audit.verify: ")
    assert captured.out == ""


@pytest.mark.parametrize("arguments", [[], ["export"], ["export", "--key", "key", "--unknown"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2
    assert "usage: python -m audit.verify" in capsys.readouterr().err


LOADED = """
import sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
from audit.verify import main
status = main(sys.argv[2:])
print("\\n".join(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
sys.exit(status)
"""


def test_the_verifier_loads_the_standard_library_and_cryptography_only(files: Path) -> None:
    arguments = [str(files / "export"), "--key", str(files / "key")]
    command = [sys.executable, "-I", "-c", LOADED, str(FOLDER.parent), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    verdict, *loaded = result.stdout.splitlines()
    assert verdict.startswith("VERIFIED")
    # Two top-level names are parts of cryptography's own binary.
    assert set(loaded) - sys.stdlib_module_names == {"audit", "cryptography"} | (
        {"_cffi_backend", "_openssl"} & set(loaded)
    )


def test_the_package_imports_the_standard_library_and_cryptography_only() -> None:
    sources = [ast.parse(path.read_text()) for path in FOLDER.rglob("*.py")]
    nodes = [node for source in sources for node in ast.walk(source)]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    assert not any(node.level for node in nodes if isinstance(node, ast.ImportFrom))
    assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names == {"audit", "cryptography"}

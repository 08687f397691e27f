"""Another tool: real commands, small ones."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from gateway.bench.annotations import LabelledImage
from gateway.bench.errors import PeerUnusable
from gateway.bench.peer import Peer, call
from gateway.bench.run import State
from tests.gateway.bench.labelled import image, noise


def python(code: str, *arguments: str) -> str:
    return shlex.join([sys.executable, "-c", code, *arguments])


COPY = "import shutil, sys; shutil.copyfile(*sys.argv[1:])"
COPY_ALL = (
    "import pathlib, shutil, sys; here, there = map(pathlib.Path, sys.argv[1:]); "
    "[shutil.copyfile(path, there / (path.stem + '.webp')) for path in here.iterdir()]"
)
REFUSE_B = "import shutil, sys; sys.exit('no') if 'b.png' in sys.argv[1] else shutil.copyfile(*sys.argv[1:])"


@pytest.fixture
def images(tmp_path: Path) -> list[LabelledImage]:
    found = []
    for name in ("it's a.png", "b.png"):
        Image.fromarray(noise(8, 8)).save(tmp_path / name)
        found.append(image(f"set/{name}", path=tmp_path / name))
    return found


@pytest.mark.parametrize(
    ("command", "once"),
    [(python(COPY, "{input}", "{output}"), False), (python(COPY_ALL, "{inputs}", "{outputs}"), True)],
)
def test_each_image_finds_the_file_that_was_written_for_it(
    images: list[LabelledImage], tmp_path: Path, command: str, once: bool
) -> None:
    peer, told = Peer(command), []
    assert peer.once is once
    batch = peer.run_all(images, tmp_path / "out", 2, lambda: told.append(1))
    assert [one.name for one in batch.made] == [one.name for one in images]
    for one, source in zip(batch.made, images, strict=True):
        assert one.output is not None
        assert one.output.read_bytes() == source.path.read_bytes()
        assert one.worker_peak > 1_000_000
        assert 0 < one.seconds <= batch.elapsed
    assert len(told) == 2
    assert not (tmp_path / "out" / "in").exists()


def test_an_image_that_the_tool_fails_on_is_refused_with_its_last_words(
    images: list[LabelledImage], tmp_path: Path
) -> None:
    first, second = (
        Peer(python(REFUSE_B, "{input}", "{output}")).run_all(images, tmp_path / "out", 1, lambda: None).made
    )
    assert (first.state, second.state) == (State.RELEASED, State.REFUSED)
    assert (second.output, second.reason) == (None, "status 1: no")


def test_a_tool_that_writes_nothing_is_told_so(images: list[LabelledImage], tmp_path: Path) -> None:
    peer = Peer(python("import sys; sys.exit('no model')", "{input}", "{output}"))
    with pytest.raises(PeerUnusable, match="status 1: no model"):
        peer.run_all(images, tmp_path / "out", 1, lambda: None)


@pytest.mark.parametrize(
    ("command", "title"),
    [
        ("/bin/cp -t {output} --verbose {input}", "cp"),
        ("/bin/cp --grow 0.1 {input} -o {output} -v", "cp --grow 0.1 -v"),
        ("cp {inputs} {outputs} " + "x" * 99, "cp " + "x" * 37),
    ],
)
def test_a_command_is_named_by_what_sets_it_apart(command: str, title: str) -> None:
    assert Peer(command).title == title


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("cp {input}", "a command with {input} and {output}"),
        ("cp", "a command with {input} and {output}"),
        ("cp {input} {output} {inputs} {outputs}", "a command with"),
        ("no-such-tool {input} {output}", "no command no-such-tool"),
        ("", "empty"),
        ("cp '{input} {output}", "No closing quotation"),
    ],
)
def test_a_command_that_cannot_run_is_refused(command: str, said: str) -> None:
    with pytest.raises(PeerUnusable, match=said):
        Peer(command)


def test_nothing_goes_on_when_the_run_is_stopped(images: list[LabelledImage], tmp_path: Path) -> None:
    """The progress is told after each image: there the run is stopped, as by Ctrl-C."""
    many = [image(f"set/{number}.png", path=images[1].path) for number in range(50)]

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Peer(python(COPY, "{input}", "{output}")).run_all(many, tmp_path / "out", 2, stop)
    assert len(list((tmp_path / "out").iterdir())) < 50


def test_a_tool_that_hangs_is_ended_with_what_it_started() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    began = time.monotonic()
    ran = call([sys.executable, "-c", code], 1.0, set())
    assert ran.status < 0
    assert time.monotonic() - began < 60

"""The fuzzers themselves, and a small run of each: the same files every time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from gateway.imaging.sandbox import Sandbox
from tests.fuzz.confined import Tally, attempt
from tests.fuzz.mutations import MUTATIONS, mutated
from tests.fuzz.seeds import images
from tests.fuzz.targets import TARGETS

FILES = 200


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_raises_nothing_but_its_own_errors(name: str) -> None:
    target, random = TARGETS[name], Random(5)
    for data in (b"", *target.seeds()):
        target.read(data)
    for _ in range(FILES):
        target.read(mutated(target.seeds(), random))


def test_damaged_files_leave_the_confined_decoder_at_work(tmp_path: Path) -> None:
    random, tally = Random(6), Tally()
    with Sandbox() as sandbox:
        for _ in range(FILES):
            attempt(sandbox, mutated(images(), random), tally, tmp_path)
    assert tally.outcomes.total() == FILES
    assert tally.outcomes["decoded"] > 0
    assert tally.outcomes["image.malformed"] > 0
    assert tally.defects == []
    assert f"{FILES} inputs" in tally.report()


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_each_kind_of_damage_can_be_done_to_any_file(mutation: object) -> None:
    assert callable(mutation)
    for seed, data in enumerate((*images(), b"x")):
        mutation(bytearray(data), Random(seed))


def test_the_same_chance_gives_the_same_file() -> None:
    first, again = Random(9), Random(9)
    assert [mutated(images(), first) for _ in range(50)] == [mutated(images(), again) for _ in range(50)]


def test_the_seeds_are_sound() -> None:
    """None is damaged: what is fuzzed begins from files that reach the codecs."""
    tally = Tally()
    with Sandbox() as sandbox:
        for data in images():
            attempt(sandbox, data, tally, Path())
    assert tally.outcomes["decoded"] >= 15
    assert set(tally.outcomes) <= {"decoded", "frames.multiple"}


def test_without_atheris_it_says_how_to_get_it() -> None:
    hidden = "import sys; sys.modules['atheris'] = None; sys.argv = ['fuzz', 'decode']; "
    code = hidden + "import runpy; runpy.run_module('tests.fuzz', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "pip install atheris" in done.stderr

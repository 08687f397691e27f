"""Two runs image by image."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.bench.compare import compare, verdicts
from gateway.bench.errors import InvalidResults
from gateway.bench.results import Results, read_verdicts, to_document
from tests.gateway.bench.labelled import run_of

outcomes = st.dictionaries(
    st.sampled_from([f"s/{n}" for n in range(6)]), st.text("cbl", min_size=3, max_size=3), min_size=1
)


def test_an_image_is_won_by_who_leaks_fewer_boxes_of_it() -> None:
    ours = run_of(
        "ours", {"s/won": "ccl", "s/lost": "cl", "s/same": "lc", "s/blurred": "b", "s/only-here": "l"}
    )
    theirs = run_of("theirs", {"s/won": "lll", "s/lost": "cb", "s/same": "cl", "s/blurred": "c"})
    found = compare(verdicts(ours), verdicts(theirs))
    assert found is not None
    assert (found.won, found.lost, found.same) == (1, 1, 2)
    assert (found.boxes, found.boxes_won, found.boxes_lost) == (8, 3, 2)
    assert found.losses == ("s/lost",)
    assert found.chance == 1.0


@given(outcomes, outcomes)
def test_the_other_way_round_won_is_lost(one: dict[str, str], other: dict[str, str]) -> None:
    first, second = verdicts(run_of("one", one)), verdicts(run_of("other", other))
    here, there = compare(first, second), compare(second, first)
    if here is None or there is None:
        assert here is there is None
        assert not one.keys() & other.keys()
        return
    assert (here.won, here.lost, here.same) == (there.lost, there.won, there.same)
    assert (here.boxes_won, here.boxes_lost) == (there.boxes_lost, there.boxes_won)
    assert here.chance == there.chance
    assert here.won + here.lost + here.same == len(one.keys() & other.keys())


@given(outcomes)
def test_a_result_file_is_read_back_as_it_was(found: dict[str, str]) -> None:
    run = run_of("run", found)
    text = json.dumps(to_document(Results({}, (run,), (), ())))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda _: text.encode())
        read = read_verdicts(Path("earlier.json"))
    assert read.leaked == verdicts(run).leaked
    assert read.title == "run (earlier.json)"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "privgate-bench/9"}', '{"format": "privgate-bench/1", "runs": []}']
)
def test_what_is_no_result_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "earlier.json"
    with pytest.raises(InvalidResults, match="not readable"):
        read_verdicts(path)
    path.write_text(text)
    with pytest.raises(InvalidResults, match=r"earlier\.json"):
        read_verdicts(path)

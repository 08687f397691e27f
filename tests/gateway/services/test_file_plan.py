"""Where copies go: true endings, one name each, nothing that is another's."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.services.file_plan import KEPT_ENDINGS, Fault, Job, PathsInConflict, plan_jobs

STEMS = st.sampled_from(["a", "b", "a.jpg", "a.heic", "x.y", "needs-review"])
ENDINGS = st.sampled_from(
    ["", ".jpg", ".JPG", ".jpeg", ".png", ".webp", ".heic", ".heif", ".tif", ".gif", ".txt", ".jpg-2.png"]
)
NAMES = st.builds(str.__add__, STEMS, ENDINGS)
PATHS = st.one_of(NAMES, st.builds("{}/{}".format, st.sampled_from(["sub", "other"]), NAMES))


def planned(root: Path, *names: str) -> dict[str, Job]:
    for name in names:
        (root / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "in" / name).touch()
    jobs = plan_jobs([root / "in"], root / "out", random_names=False)
    return {job.source.relative_to(root / "in").as_posix(): job for job in jobs}


@given(st.sets(PATHS, min_size=1, max_size=12))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_two_copies_can_meet(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    jobs = planned(tmp_path_factory.mktemp("plan"), *names)
    assert jobs.keys() == names
    targets = [target for job in jobs.values() for target in job.names.values()]
    assert len(set(targets)) == len(targets)
    folders = {parent for target in targets for parent in target.parents}
    assert folders.isdisjoint(targets)


@given(st.sets(PATHS, min_size=1, max_size=12))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_removed_as_stale_is_nobody_elses_copy(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    jobs = planned(tmp_path_factory.mktemp("plan"), *names)
    for name, job in jobs.items():
        others = {t for other, j in jobs.items() if other != name for t in j.names.values()}
        assert others.isdisjoint(job.stale)
        ending = PurePosixPath(name).suffix.lower()
        if ending not in {e for endings in KEPT_ENDINGS.values() for e in endings}:
            assert all(PurePosixPath(name).name.split(".")[0] in target.name for target in job.stale)
        assert all(PurePosixPath(name) in job.stale for t in job.names.values() if str(t) == name)


@given(PATHS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_an_ending_is_true_of_what_is_written(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    (job,) = planned(tmp_path_factory.mktemp("plan"), name).values()
    for suffix, target in job.names.items():
        assert target.suffix.lower() in KEPT_ENDINGS[suffix]
        assert target.parent == PurePosixPath(name).parent


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.heic"], {"a.heic": "a.jpg"}),
        (["a.heic", "a.jpg"], {"a.heic": "a.heic.jpg", "a.jpg": "a.jpg"}),
        (
            ["a.heic", "a.heic.jpg", "a.jpg"],
            {"a.heic": "a.heic-2.jpg", "a.heic.jpg": "a.heic.jpg", "a.jpg": "a.jpg"},
        ),
        (["a.heic", "a.jpg/b.jpg"], {"a.heic": "a.heic.jpg", "a.jpg/b.jpg": "a.jpg/b.jpg"}),
        (["scan.2024"], {"scan.2024": "scan.2024.jpg"}),
        (["a.avif"], {"a.avif": "a.jpg"}),
        (["A.JPG"], {"A.JPG": "A.JPG"}),
        (["a.png"], {"a.png": "a.jpg"}),
        (["a.png", "a.jpg"], {"a.png": "a.png.jpg", "a.jpg": "a.jpg"}),
    ],
)
def test_the_names_of_what_is_written_as_jpeg(
    names: list[str], expected: dict[str, str], tmp_path: Path
) -> None:
    assert {name: str(job.names[".jpg"]) for name, job in planned(tmp_path, *names).items()} == expected


@pytest.mark.parametrize(
    ("name", "stale"),
    [
        ("a.jpg", {"a.jpg", "a.jpg.jpg", "a.jpg.png", "a.jpg.tif", "a.jpg.webp"}),
        ("a.heic", {"a.jpg", "a.heic.jpg", "a.heic.png", "a.heic.tif", "a.heic.webp"}),
        ("a.tif", {"a.png", "a.tif", "a.tif.jpg", "a.tif.png", "a.tif.tif", "a.tif.webp"}),
        ("a", {"a.jpg", "a.png", "a.tif", "a.webp"}),
    ],
)
def test_an_earlier_copy_of_the_file_itself_is_stale(name: str, stale: set[str], tmp_path: Path) -> None:
    (job,) = planned(tmp_path, name).values()
    assert set(map(str, job.stale)) == stale


def test_another_inputs_earlier_copy_is_left_alone(tmp_path: Path) -> None:
    """a.jpg of one run is not taken for an old copy of another run's a.png."""
    (job,) = planned(tmp_path, "a.png").values()
    assert PurePosixPath("a.jpg") not in job.stale


def test_a_file_of_the_wrong_ending_gets_the_right_one_where_that_is_free(tmp_path: Path) -> None:
    jobs = planned(tmp_path, "a.jpg", "b.jpg", "b.png")
    assert str(jobs["a.jpg"].names[".png"]) == "a.png"
    assert str(jobs["b.jpg"].names[".png"]) == "b.jpg.png"


def test_what_is_written_as_png_is_called_so(tmp_path: Path) -> None:
    jobs = planned(tmp_path, "a.tif", "b.gif", "c.bmp", "c.png", "d.TIFF")
    names = {name: str(job.names[".png"]) for name, job in jobs.items()}
    assert names == {
        "a.tif": "a.png",
        "b.gif": "b.png",
        "c.bmp": "c.bmp.png",
        "c.png": "c.png",
        "d.TIFF": "d.png",
    }


def test_random_names_say_nothing_of_the_old_ones(tmp_path: Path) -> None:
    for name in ("Jane Doe.jpg", "Jane.Doe", "sub/Jane.heic"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).touch()
    jobs = plan_jobs([tmp_path / "in"], tmp_path / "out", random_names=True)
    targets = [str(target) for job in jobs for target in job.names.values()]
    assert not any("Jane" in name or "Doe" in name or "/" in name for name in targets)
    again = plan_jobs([tmp_path / "in"], tmp_path / "out", random_names=True)
    assert {t for job in again for t in job.names.values()}.isdisjoint(PurePosixPath(t) for t in targets)


def test_a_file_that_is_given_twice_is_done_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "a.jpg"
    file.touch()
    assert len(plan_jobs([tmp_path / "in", file, file], tmp_path / "out", random_names=False)) == 1


def test_a_link_to_a_folder_is_reported_not_followed_nor_passed_over(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.jpg").touch()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    (job,) = plan_jobs([tmp_path / "in"], tmp_path / "out", random_names=False)
    assert job.fault is Fault.LINK_TO_FOLDER
    assert job.stale == ()


def test_a_folder_that_cannot_be_listed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may list any folder, so the refusal is played."""
    (tmp_path / "in" / "shut").mkdir(parents=True)
    scandir = os.scandir

    def refusing(path: str) -> os._ScandirIterator[str]:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    (job,) = plan_jobs([tmp_path / "in"], tmp_path / "out", random_names=False)
    assert job.fault is Fault.FOLDER_UNREADABLE


def test_an_output_folder_behind_a_link_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").touch()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    with pytest.raises(PathsInConflict, match="lies in"):
        plan_jobs([tmp_path / "in"], tmp_path / "link" / "out", random_names=False)
    with pytest.raises(PathsInConflict, match="lies in"):
        plan_jobs([tmp_path / "link" / "a.jpg"], tmp_path / "in", random_names=False)

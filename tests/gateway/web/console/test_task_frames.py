"""An image of several frames at an annotator's desk: each by itself, each on the log, labels on each."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from audit.entry import Entry
from gateway.imaging import page_tiff
from gateway.imaging.image import EncodedImage, ImageFormat
from tests.gateway.imaging.samples import noise
from tests.gateway.store.rows import entries
from tests.gateway.web.console.annotators import BOX, SIZE, Site, make_site
from tests.gateway.web.console.conftest import House

PAGES = tuple(noise(SIZE.width, SIZE.height, seed) for seed in range(2))


@pytest.fixture
def site(house: House) -> Site:
    """Of one image, which has two pages."""
    site = make_site(house, images=0)
    site.add(EncodedImage(page_tiff.write(PAGES), "image/tiff", ".tif", ImageFormat.TIFF), frames=2)
    return site


def last(site: Site) -> Entry:
    return [entry for entry in entries(site.house.database) if entry.actor == site.annotator][-1]


def test_each_frame_is_a_delivery_that_names_it_and_nothing_keeps_it(site: Site) -> None:
    task = site.claim()
    for query, frame in (("", 0), ("?frame=0", 0), ("?frame=1", 1)):
        answer = site.script("POST", f"/tasks/{task}/image{query}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["cache-control"] == "no-store"
        with Image.open(io.BytesIO(answer.content)) as image:
            np.testing.assert_array_equal(np.asarray(image), PAGES[frame])
        assert (last(site).action, last(site).details["frame"]) == ("copy.delivered", frame)


def test_a_frame_that_is_not_there_is_not_found(site: Site) -> None:
    task = site.claim()
    before = last(site)
    for frame in ("2", "-1", "x", "5000"):
        assert site.script("POST", f"/tasks/{task}/image?frame={frame}").status_code in (404, 422), frame
    assert last(site) == before


def test_without_the_task_or_the_grant_no_frame_is_given(site: Site) -> None:
    task = site.claim()
    site.revoke()
    assert site.script("POST", f"/tasks/{task}/image?frame=1").status_code == 403
    assert last(site).action == "access.denied"


def test_the_page_counts_frames_and_a_draft_comes_back_on_its_own(site: Site) -> None:
    task = site.claim()
    page = site.browser.get(f"/tasks/{task}").text
    assert "Frame 1 of 2" in page
    assert '"frames": 2' in page
    assert (
        site.script("PUT", f"/tasks/{task}/draft", {"annotations": [BOX | {"frame": 1}]}).status_code == 200
    )
    assert '"frame": 1' in site.browser.get(f"/tasks/{task}").text
    refused = site.script("POST", f"/tasks/{task}/labels", {"annotations": [BOX | {"frame": 2}]})
    assert refused.status_code == 422
    told = {"place": "annotations[0].frame", "fault": "the image has frames 0 to 1"}
    assert refused.json()["faults"] == [told]


def test_where_there_is_one_frame_nothing_is_said_of_frames(house: House) -> None:
    site = make_site(house, images=1)
    page = site.browser.get(f"/tasks/{site.claim()}").text
    assert "Frame 1" not in page
    assert 'id="unseen"' not in page

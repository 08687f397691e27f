"""What an answer says of an asset's newest copy."""

from __future__ import annotations

from dataclasses import replace

from gateway.services.releases import INSTEAD_OF
from gateway.web.api.schemas import AssetOut
from policies.lifecycle import AssetState
from policies.model import Kind, Redaction, RedactionMethod, Region
from tests.gateway.store.rows import asset_record, copy_record


def test_an_asset_tells_how_many_regions_earlier_copies_had_filled() -> None:
    filled = Redaction(Region(0, 0, 2, 2), Kind.FACE, RedactionMethod.FILL).to_dict()
    report = {"redactions": [filled, {**filled, INSTEAD_OF: "blur"}], "milliseconds": {}}
    copy = replace(copy_record("copy-1", "asset-1"), report=report)
    asset = asset_record("asset-1", AssetState.RELEASED)
    assert (AssetOut.of(asset, copy).hidden, AssetOut.of(asset, copy).filled) == (2, 1)
    assert AssetOut.of(asset, None).filled is None

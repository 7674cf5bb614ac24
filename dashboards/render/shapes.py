"""The bundled outlines of Hubei's prefectures flow in, rows of gold.region_shape flow out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SHAPES = Path(__file__).parent.parent / "shapes" / "hubei_city.geojson"


def region_shapes() -> list[dict[str, Any]]:
    """One row a prefecture: its code, name, the point for its label, and its outline as GeoJSON text."""
    features = json.loads(SHAPES.read_text(encoding="utf-8"))["features"]
    return [
        {
            **feature["properties"],
            "polygon": json.dumps(feature["geometry"], separators=(",", ":")),
        }
        for feature in features
    ]

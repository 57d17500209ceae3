"""How far the recorded means of one script lie apart from framework to framework."""

import numpy as np

from evidence.catalog import Catalog
from evidence.record import read_record


def assert_near(catalog: Catalog, name: str, **tolerances: float) -> None:
    """Hold the means of results, over the recorded seeds, to lie within a tolerance of one another, in their own units."""
    records = [read_record(catalog, script) for script in catalog.scripts.values() if script.name == name]
    assert len(records) > 1, name
    for result, tolerance in tolerances.items():
        means = np.array([record.mean(result) for record in records])
        apart = np.ptp(means, axis=0).max()
        assert apart <= tolerance, f"{name}: {result} of the frameworks is up to {apart:.3g} apart: {means}"

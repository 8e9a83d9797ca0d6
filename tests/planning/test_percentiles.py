from __future__ import annotations

import numpy as np

from zdg_jax.planning.geometry.percentiles import percentiles, spread


def test_percentiles_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    percents = (0, 1, 2, 3, 49, 50, 97, 98, 99, 100)
    drawn = [rng.normal(size=size) for size in (1, 2, 3, 5, 60, 61, 62, 123, 1000, 24_000)]
    # Values that every 61st of them tells nothing about, and values of which many are alike.
    drawn += [np.where(np.arange(5000) % 61 == 0, 9.0, drawn[-1][:5000]), drawn[-1].round(1)]
    drawn += [np.sort(drawn[-2]), np.zeros(500)]
    for values in drawn:
        np.testing.assert_array_equal(
            percentiles(values, *percents), np.percentile(values, percents)
        )
    assert spread(drawn[-3], 2, 98) == np.ptp(np.percentile(drawn[-3], [2, 98]))

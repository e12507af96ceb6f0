"""Which loads are simulated."""

from collections.abc import Mapping

from benchmarks.simulation.arrivals import AppEvents, Load, in_bursts, in_rhythm, steadily, together

RATES = (10, 100, 427, 1_000, 10_000, 85_500, 200_000)
"""Events an hour; 427 are 95 % of the calls that settling may make, 85,500 what 95 % of them could fetch."""


def steady_loads() -> Mapping[int, Load]:
    """One app, a day each, by rate."""
    return {rate: Load(f"{rate:,} an hour", steadily(rate)) for rate in RATES}


def other_loads() -> list[Load]:
    """Loads that are not steady, or not of one app."""
    bursts = in_bursts(20_000, every=6, over=60, apps=3)
    crowd = steadily(49 * 60, hours=3, apps=49) + steadily(50_000, hours=3)
    return [
        Load(
            "300 an hour of 3 apps, and every 6 h a burst of 20,000 in a minute",
            [
                AppEvents(together(few.times, burst))
                for few, burst in zip(steadily(300, apps=3), bursts, strict=True)
            ],
        ),
        Load("a day's rhythm: 1,000 an hour, 2,000 at noon, none at midnight", in_rhythm(1_000)),
        Load("427 an hour, of 50 apps", steadily(427, apps=50)),
        Load("60 an hour of each of 49 apps, and 50,000 of one more, 3 h", crowd, hours=3),
        Load(
            "a storm: 3,600 an hour on one record, and 100 on others",
            [AppEvents(steadily(100)[0].times, steadily(3_600)[0].times)],
        ),
    ]

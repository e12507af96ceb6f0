from benchmarks.backfill import Backfilled, section
from benchmarks.sampling import Sample

ALONE = [Sample(posted=0.0, acknowledged=0.0, started=each / 1000) for each in (10, 20, 30)]
BESIDE = [Sample(posted=0.0, acknowledged=0.0, started=each / 1000) for each in (20, 30, 90)]


def test_latencies_are_told_with_their_ratio_and_calls_with_the_least_possible() -> None:
    told = section(ALONE, BESIDE, Backfilled(50_000, 264, began=100.0, ended=190.0))
    assert [list(row) for row in told.rows] == [
        ["a live edit beside it, p50", "30.0 ms, alone 20.0 ms", "1.50", "≤ 2"],
        ["a live edit beside it, p90", "90.0 ms, alone 30.0 ms", "3.00", "none"],
        ["the backfill's calls", "264 for 50,000 records", "1.06 of records ÷ 200", "≤ 1.25"],
    ]
    assert "took 90 s" in told.prose

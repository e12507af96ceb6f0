"""What the page says of large files."""

from benchmarks.files import Transfer, section


def test_speed_and_growth_stand_with_their_spread() -> None:
    taken = {
        ("up", 10): [Transfer(1.0, 0), Transfer(0.5, 1 << 20), Transfer(0.1, 2 << 20)],
        ("down", 10): [Transfer(2.0, 1 << 19)],
    }
    up, down = section(taken).rows
    assert up == ["10 MB to Fusioo", "20 MB/s", "10 to 100 MB/s", "1.0 MiB", "0.0 to 2.0 MiB", "≤ 4 MiB"]
    assert down[:4] == ["10 MB from Fusioo", "5 MB/s", "5 to 5 MB/s", "0.5 MiB"]

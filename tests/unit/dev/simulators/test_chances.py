"""The dice of a simulated provider."""

from service.dev.simulators.chances import Chances


def test_the_same_seed_draws_the_same() -> None:
    first, second, other = Chances(1), Chances(1), Chances(2)
    draws = [[each.answers.random() for _ in range(5)] for each in (first, second, other)]
    assert draws[0] == draws[1] != draws[2]


def test_purposes_do_not_shift_each_other() -> None:
    first, second = Chances(1), Chances(1)
    first.deliveries.random()
    first.share_of("lag of i1")
    assert first.answers.random() == second.answers.random()
    assert first.share_of("lag of i1") == second.share_of("lag of i1") != second.share_of("lag of i2")

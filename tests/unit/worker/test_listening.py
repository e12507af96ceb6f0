"""How long somebody has said nothing."""

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.worker.listening import Listening

LONGEST = 1.0
pauses = st.lists(st.floats(0, 5), min_size=1, max_size=20)


@given(pauses=pauses)
def test_the_looks_since_the_last_word_count_but_none_for_longer_than_one_may_take(
    pauses: list[float],
) -> None:
    listening = Listening(0.0, longest_look=LONGEST)
    moments = [0.0, *accumulate(pauses)]
    for moment in moments[1:]:
        listening.look(moment, heard=False)
    counted = sum(min(later - earlier, LONGEST) for earlier, later in pairwise(moments))
    assert abs(listening.silence - counted) < 1e-6


@given(pauses=pauses)
def test_a_word_ends_the_silence(pauses: list[float]) -> None:
    listening = Listening(0.0, longest_look=LONGEST)
    for moment in accumulate(pauses):
        listening.look(moment, heard=False)
    listening.look(sum(pauses), heard=True)
    assert listening.silence == 0.0

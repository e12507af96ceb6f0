"""The handler of the example configuration, as its users would test theirs: called directly."""

import pytest
from structlog.testing import capture_logs

from service.dev.example.handlers_example import announce
from service.handlers import Discard
from tests.fixtures.changes import a_change
from tests.fixtures.handling import context


async def test_it_names_the_client_of_a_task() -> None:
    done = a_change(record={"title": "Send the offer"}, linked={"client": ({"id": "c1", "name": "Acme"},)})
    with capture_logs() as logged:
        await announce(done, context(of=done))
    (line,) = logged
    assert (line["event"], line["task"], line["client"]) == ("task.announced", "Send the offer", "Acme")


async def test_without_a_client_nothing_is_announced() -> None:
    alone = a_change(linked={"client": ()})
    with pytest.raises(Discard, match="no client"):
        await announce(alone, context(of=alone))

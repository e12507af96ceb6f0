"""A company with a record that holds everything, and two people who call its API."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from service.dev.simulators.fusioo.access import User
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.typed_app import TYPED_ID, typed_app

_MEMBER_TOKEN = "a-token-of-a-member"


@pytest.fixture
def company(simulator: RunningSimulator, lauren: User) -> RunningSimulator:
    """A simulator of its own for one test, with the typed app and one record in it, and a member."""
    state = simulator.state
    state.apps[TYPED_ID] = typed_app()
    state.records.create(TYPED_ID, {"title": "Holds everything"}, person="Sarah May")
    state.users[_MEMBER_TOKEN] = lauren
    return simulator


@pytest.fixture
def lauren() -> User:
    """The member; what she may do is for the test to change."""
    return User("Lauren Moss")


@pytest.fixture
def record_id(company: RunningSimulator) -> str:
    """The record of the typed app."""
    return company.state.records.live(TYPED_ID)[0].id


@pytest.fixture
async def api(company: RunningSimulator) -> AsyncIterator[httpx2.AsyncClient]:
    """The administrator's client."""
    async with company.client() as client:
        yield client


@pytest.fixture
async def member(company: RunningSimulator) -> AsyncIterator[httpx2.AsyncClient]:
    """Lauren's client."""
    async with company.client(token=_MEMBER_TOKEN) as client:
        yield client

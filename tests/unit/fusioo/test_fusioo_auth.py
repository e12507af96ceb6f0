"""The token goes into the header, and nowhere else."""

import pytest
from pydantic import SecretStr

from service.errors import ConfigurationError
from service.fusioo.auth import StaticToken


@pytest.mark.parametrize("token", ["t0ken", SecretStr("t0ken")])
async def test_the_token_is_sent_and_never_shown(token: str | SecretStr) -> None:
    auth = StaticToken(token)
    assert await auth.headers() == {"Authorization": "Bearer t0ken"}
    assert "t0ken" not in repr(auth) + str(auth) + repr(vars(auth))


@pytest.mark.parametrize("token", ["", "t0ken\n", "t0 ken", "t0kén", '"t0ken" '])
def test_what_can_be_no_token_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(ConfigurationError, match="copy it again") as caught:
        StaticToken(token)
    assert "t0" not in str(caught.value)

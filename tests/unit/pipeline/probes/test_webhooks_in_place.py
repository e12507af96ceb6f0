"""Every app that a rule names has all three webhooks, or health says which are missing."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from service.changes.types import Kind
from service.pipeline.probes.checks import Check, Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.webhooks import judge_drifts, judge_registrations
from service.registrations.drifts import DriftView
from service.registrations.listing import RegistrationView
from tests.fixtures.probing import MOMENT


def active(account: str, app_id: str, name: str | None, *kinds: Kind) -> list[RegistrationView]:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    return [
        RegistrationView(uuid4(), account, "fusioo", app_id, name, kind, "active", "", "w", moment, moment)
        for kind in kinds
    ]


def expected(**apps: tuple[str, ...]) -> Expected:
    return Expected(limits={}, apps=apps, handlers=frozenset())


def test_an_app_is_found_by_its_id_and_by_its_name() -> None:
    in_place = [*active("main", "i1", "Tasks", *Kind), *active("main", "i2", None, *Kind)]
    (check,) = judge_registrations(in_place, expected(main=("Tasks", "i2")))
    assert (check.status, check.value) == (Status.PASS, 6)


def test_what_is_missing_is_named() -> None:
    in_place = active("main", "i1", "Tasks", Kind.CREATE, Kind.UPDATE)
    (check,) = judge_registrations(in_place, expected(main=("Tasks",)))
    assert check.status is Status.WARN
    assert "missing are Tasks (delete); run `relay webhooks apply`" in (check.output or "")


def test_another_account_does_not_stand_in() -> None:
    checks = judge_registrations(
        active("other", "i1", "Tasks", *Kind), expected(main=("Tasks",), other=("Tasks",))
    )
    assert [check.status for check in checks] == [Status.WARN, Status.PASS]


def test_a_long_list_is_cut() -> None:
    (check,) = judge_registrations([], expected(main=tuple(f"a{number}" for number in range(9))))
    assert "and 17 more" in (check.output or "")
    assert "a8" not in (check.output or "")


def test_an_account_without_rules_needs_none() -> None:
    (check,) = judge_registrations([], expected(main=()))
    assert check.status is Status.PASS


def test_none_is_missing_where_the_provider_has_no_api_for_them() -> None:
    wanted = Expected(
        limits={}, apps={"grc": ("Tasks",)}, handlers=frozenset(), unregistered=frozenset({"grc"})
    )
    (check,) = judge_registrations([], wanted)
    assert (check.status, check.value) == (Status.PASS, 0)


def drift(**more: Any) -> DriftView:
    usual = {"compared_at": MOMENT - timedelta(minutes=12), "differences": 0, "mended": 0, "failures": 0}
    return DriftView(**{"account": "main", "error": None, "moment": MOMENT, **usual, **more})


def test_when_webhooks_were_compared_is_said_and_what_was_mended() -> None:
    (found,) = judge_drifts([drift(mended=2)])
    assert found == Check(
        Status.PASS, "account main: compared with the provider 12m ago, 2 mended so far", 0, "differences"
    )


def test_a_provider_that_gives_no_answer_again_and_again_warns() -> None:
    (twice, thrice) = judge_drifts([drift(failures=2), drift(failures=3, compared_at=None)])
    assert twice.status is Status.PASS
    assert thrice.status is Status.WARN
    assert "never compared with the provider; it gave no answer 3 times since" in str(thrice.output)

"""Every return code of the vendor's page, under each method that lists it, provoked at the simulator."""

from collections.abc import Callable
from dataclasses import replace

import httpx2
import pytest

from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.fusioo.records import Happening
from service.dev.simulators.fusioo.state import FusiooState
from service.fusioo import errors
from service.fusioo.client import FusiooClient
from service.fusioo.errors import FusiooError
from service.transport.retrying import NO_RETRIES
from tests.fixtures.documented import company_for
from tests.fixtures.page_call import PageCall
from tests.fixtures.page_calls import page_calls
from tests.fixtures.page_table import page_codes, page_methods
from tests.fixtures.simulator import TOKEN, running_simulator

CALLS = page_calls()
NOTHING = "i0"
"""An id of nothing."""

CLASSES: dict[int, type[FusiooError]] = {
    30000: errors.AppNotFoundError,
    30001: errors.AppAccessDeniedError,
    30002: errors.CannotCreateError,
    30003: errors.CannotUpdateError,
    30004: errors.CannotDeleteError,
    30050: errors.ValidationFailedError,
    30051: errors.RecordNotFoundError,
    30052: errors.RecordAccessDeniedError,
    30054: errors.ConcurrentRequestsError,
    30056: errors.DiscussionNotFoundError,
    30057: errors.ContentMissingError,
    30058: errors.ContentTooLongError,
    30100: errors.SortFieldNotFoundError,
    30101: errors.SortFieldNotSortableError,
    30102: errors.SortFieldHiddenError,
    30103: errors.DirectionInvalidError,
    30104: errors.OffsetInvalidError,
    30105: errors.LimitInvalidError,
    30200: errors.WebhookNotFoundError,
    30250: errors.NoSuchFileError,
    30251: errors.FileTypeInvalidError,
    30252: errors.FileTooLargeError,
    30253: errors.StorageFullError,
    30254: errors.MultipleFilesError,
    30256: errors.FileAccessDeniedError,
}
"""What a code means; `get_user` alone gives 30105 another meaning."""

Prepare = Callable[[FusiooState], None]


def _as_it_is(_state: FusiooState) -> None: ...


def _without_apps(state: FusiooState) -> None:
    state.apps.clear()


def _hidden_apps(state: FusiooState) -> None:
    state.users[TOKEN].hidden_apps = set(state.apps)


def _hidden_records(state: FusiooState) -> None:
    state.users[TOKEN].hidden_records = set(state.records.by_id)


def _hidden_fields(state: FusiooState) -> None:
    state.users[TOKEN].hidden_fields = {
        (app.id, field.id) for app in state.apps.values() for field in app.fields
    }


def _refused(happening: Happening) -> Prepare:
    return lambda state: state.users[TOKEN].refused_writes.add(happening)


def _concurrent(state: FusiooState) -> None:
    state.faults.answers.append(AnswerFault(status=400, code=30054))


def _full(state: FusiooState) -> None:
    state.quotas = replace(state.quotas, storage_bytes=state.files.total_size)


def _small_files(state: FusiooState) -> None:
    state.quotas = replace(state.quotas, file_bytes=1)


def _one_file_each(state: FusiooState) -> None:
    field = state.apps["i5hs4"].field("files")
    assert field is not None
    field.options["allow_multiple"] = False


def _deleted_record_of_the_file(state: FusiooState) -> None:
    state.records.delete("i30000", person="John Doe")


PREPARATIONS: dict[int, Prepare] = {
    30000: _without_apps,
    30001: _hidden_apps,
    30002: _refused(Happening.CREATE),
    30003: _refused(Happening.UPDATE),
    30004: _refused(Happening.DELETE),
    30052: _hidden_records,
    30054: _concurrent,
    30102: _hidden_fields,
    30252: _small_files,
    30253: _full,
    30254: _one_file_each,
    30256: _hidden_fields,
}
"""What a code needs of the company."""

Change = Callable[[PageCall], PageCall]


def _instead(first: str) -> Change:
    """The call with another first argument."""
    return lambda call: call.but(first, *call.arguments[1:])


def _with_content(content: str) -> Change:
    return lambda call: call.but(call.arguments[0], content)


CHANGES: dict[int, Change] = {
    **dict.fromkeys((30051, 30056, 30200, 30250), _instead(NOTHING)),
    30057: _with_content(" "),
    30058: _with_content("x" * 10_001),
    30100: lambda call: call.but(sort_by="colour"),
    30101: lambda call: call.but("i5hs4", *call.arguments[1:], sort_by="files"),
    30103: lambda call: call.but(order="up"),
    30104: lambda call: call.but(offset=-1),
    30105: lambda call: call.but(limit=201),
    30251: lambda call: call.but(name="virus.exe"),
    30254: lambda call: call.but(record_id="i30000", field_id="files"),
}
"""What a code needs of the call."""

CHANGES_OF: dict[tuple[str, int], Change] = {
    ("create_record", 30050): lambda call: call.but("ia4f42", {"notes": "no title"}),
    ("update_record", 30050): lambda call: call.but("i59adb", {"due_date": "soon"}),
    ("get_user", 30105): _instead(NOTHING),
    ("delete_file", 30051): _instead("ia4f42"),
}
PREPARATIONS_OF: dict[tuple[str, int], Prepare] = {("delete_file", 30051): _deleted_record_of_the_file}
IN_A_RECORD = {"get_file", "download_file", "delete_file"}


def _provocation(name: str, code: int) -> tuple[Prepare, PageCall]:
    """What leads to a code: a state of the company, and a call."""
    call = CALLS[name].but("ia4f42") if name in IN_A_RECORD else CALLS[name]
    change = CHANGES_OF.get((name, code)) or CHANGES.get(code)
    prepare = PREPARATIONS_OF.get((name, code)) or PREPARATIONS.get(code)
    assert change or prepare, "a new code needs its provocation"
    return prepare or _as_it_is, change(call) if change else call


@pytest.mark.parametrize(("name", "code"), page_codes())
async def test_a_code_of_the_page_raises_its_class(name: str, code: int) -> None:
    expected = errors.UserNotFoundError if name == "get_user" else CLASSES[code]
    prepare, call = _provocation(name, code)
    state = company_for("get_record")
    prepare(state)
    async with (
        running_simulator(state) as simulator,
        FusiooClient.open(
            token=TOKEN,
            timeout=15.0,
            base_url=simulator.url,
            retries=NO_RETRIES,
            transport=httpx2.AsyncHTTPTransport(trust_env=False),
        ) as client,
    ):
        with pytest.raises(FusiooError) as caught:
            await call.put_to(client)
    assert type(caught.value) is expected
    assert caught.value.code == code
    assert caught.value.said == page_methods()[name].codes[str(code)]


def test_each_code_has_one_class_except_the_one_with_two_meanings() -> None:
    listed = {code for _, code in page_codes()}
    assert listed == set(CLASSES)
    assert len(set(CLASSES.values())) == len(CLASSES)
    of_users = [
        name
        for name, code in page_codes()
        if code == 30105 and "limit" not in page_methods()[name].parameters
    ]
    assert of_users == ["get_user"]

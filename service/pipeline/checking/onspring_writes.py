"""What handlers write to Onspring, against the apps that they write to. Pure.

Fields are named by their ids or exact names. Of values only those are judged that stand in the file as they
will be meant: a template gives what it gives.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.pipeline.checking.written import is_template, unknown_app
from service.rules.known_fields import AccountApps, AppFields, FieldKind, KnownField
from service.rules.operand_checks import Wrong
from service.rules.problems import Finding, KeyPath, nearest
from service.rules.values import as_number, as_time, shown

_UPSERT, _DELETE, _ATTACH = "onspring.upsert", "onspring.delete", "onspring.attach"
ONSPRING_KINDS = frozenset({_UPSERT, _DELETE, _ATTACH})

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_KEYS = frozenset({FieldKind.LINKS, FieldKind.FILES})
_TRUTHS = {True: ("Yes", "True"), False: ("No", "False")}


def onspring_findings(options: Mapping[str, Any], apps: AccountApps, path: KeyPath) -> Iterator[Finding]:
    """Give what is wrong with the options of a handler of these kinds, whose account has these apps."""
    app, findings = _app_meant(options.get("app"), apps, (*path, "app"))
    yield from findings
    if app is None or not app.fields:
        return
    yield from _check_key(options.get("key"), app, (*path, "key"))
    if isinstance(options.get("fields"), dict):
        creates = options.get("create_values") is True
        for name, value in options["fields"].items():
            yield from _check_field(
                str(name), value, app, apps, (*path, "fields", str(name)), creates=creates
            )
    if "field" in options:
        yield from _check_file_field(str(options["field"]), app, (*path, "field"))


def _app_meant(
    reference: Any, apps: AccountApps, path: KeyPath
) -> tuple[AppFields | None, tuple[Finding, ...]]:
    """The one app that is meant, if it is known, and what is wrong with its name."""
    if reference is None:
        return None, ()
    meant = apps.meant(str(reference))
    if len(meant) > 1:
        message = f"{len(meant)} apps are called `{reference}`"
        return None, (Finding(path, message, f"write the id of one: {' or '.join(meant)}"),)
    found = apps.apps.get(meant[0]) if meant else None
    return found, (unknown_app(str(reference), apps, path),) if found is None and apps.complete else ()


def _check_key(key: Any, app: AppFields, path: KeyPath) -> Iterator[Finding]:
    """A record is found by fields that can be compared."""
    for name, value in key.items() if isinstance(key, dict) else ():
        here = (*path, str(name))
        field = _field_meant(str(name), app)
        if isinstance(field, Wrong):
            yield Finding(here, field.message, field.remedy, at_key=True)
        elif field.kind in _NO_KEYS:
            message = f"Onspring finds no record by `{name}`, which holds {field.kind}"
            yield Finding(here, message, "choose a field of texts, numbers, dates or a list", at_key=True)
        elif not is_template(value) and value is not None:
            yield from _placed(_wrong_value(str(name), value, field), here)


def _check_field(
    name: str, value: Any, app: AppFields, apps: AccountApps, path: KeyPath, *, creates: bool
) -> Iterator[Finding]:
    field = _field_meant(name, app)
    if isinstance(field, Wrong):
        yield Finding(path, field.message, field.remedy, at_key=True)
    elif field.kind is FieldKind.FILES:
        yield Finding(path, f"`{name}` holds files", f"write a handler `{_ATTACH}` for it", at_key=True)
    elif field.settable is False:
        yield Finding(path, f"Onspring sets `{name}` itself", "leave it out", at_key=True)
    elif isinstance(value, dict):
        yield from _check_mapping(name, value, field, apps, path)
    elif not is_template(value) and value is not None and value != "":
        yield from _placed(_wrong_value(name, value, field, creates=creates), path)


def _check_mapping(
    name: str, value: Mapping[str, Any], field: KnownField, apps: AccountApps, path: KeyPath
) -> Iterator[Finding]:
    """A field of references may say by which values the records are found."""
    told = value.get("reference")
    if not isinstance(told, dict):
        return
    here = (*path, "reference")
    if field.kind is not FieldKind.LINKS:
        yield Finding(here, f"`{name}` holds {field.kind}, and refers to no records", at_key=True)
        return
    target = apps.apps.get(field.leads_to or "")
    app, findings = _app_meant(told.get("app"), apps, (*here, "app"))
    yield from findings
    if "app" not in told:
        app = target
    if app is None:
        return
    if field.leads_to is not None and app.id != field.leads_to:
        meant = f"{target.name} ({target.id})" if target else field.leads_to
        message = f"`{name}` refers to records of app {meant}, not of {app.name} ({app.id})"
        yield Finding((*here, "app"), message, f"write app: {field.leads_to}")
    elif app.fields:
        yield from _check_key(told.get("by"), app, (*here, "by"))


def _check_file_field(name: str, app: AppFields, path: KeyPath) -> Iterator[Finding]:
    field = _field_meant(name, app)
    if isinstance(field, Wrong):
        yield Finding(path, field.message, field.remedy)
    elif field.kind not in {FieldKind.FILES, FieldKind.ANY}:
        files = [each.name for each in app.fields.values() if each.kind is FieldKind.FILES]
        remedy = f"write {' or '.join(f'`{each}`' for each in files)}" if files else None
        yield Finding(path, f"`{name}` holds {field.kind}, and no files", remedy)


def _field_meant(name: str, app: AppFields) -> KnownField | Wrong:
    """The field of an id, or of an exact name that no other has."""
    if name.isdecimal() and name in app.fields:
        return app.fields[name]
    named = [each for each in app.fields.values() if each.name == name]
    if len(named) == 1:
        return named[0]
    if named:
        ids = " or ".join(each.id for each in named)
        return Wrong(f"{len(named)} fields of app {app.name} are called `{name}`", f"write the id: {ids}")
    names = [part for each in app.fields.values() if each.name for part in (each.name, each.id)]
    remedy = nearest(name, names) or f"`relay apps {app.id}` lists its fields"
    return Wrong(f"app {app.name} has no field `{name}` that the key may see", remedy)


def _wrong_value(name: str, value: Any, field: KnownField, *, creates: bool = False) -> Iterator[Wrong]:
    """Give what is wrong with a value as it stands in the file."""
    members = list(value) if isinstance(value, list) else [value]
    in_list = isinstance(value, list)
    if len(members) > 1 and (field.several is False or field.kind in {FieldKind.NUMBER, FieldKind.TIME}):
        yield Wrong(f"`{name}` takes one value, and here are {len(members)}")
        return
    for place, member in enumerate(members):
        wrong = _wrong_member(name, member, field, creates=creates)
        if wrong is not None:
            yield wrong._replace(path=(place,) if in_list else ())


def _wrong_member(name: str, value: Any, field: KnownField, *, creates: bool) -> Wrong | None:
    match field.kind:
        case FieldKind.OPTIONS:
            return None if creates else _wrong_option(name, value, field)
        case FieldKind.NUMBER if as_number(value) is None:
            return Wrong(f"`{name}` holds numbers, and {shown(value)} is none", "write a number, like 1000")
        case FieldKind.TIME if as_time(value) is None:
            remedy = "write one like 2024-09-30, or a moment like 2024-09-30T07:00:00Z"
            return Wrong(f"`{name}` holds dates, and {shown(value)} is none", remedy)
        case FieldKind.LINKS if not str(value).isdecimal():
            remedy = "write ids, which are numbers, or find them: {reference: {app: …, by: {…: …}}}"
            return Wrong(f"`{name}` holds {field.kind}, and {shown(value)} is no id", remedy)
    return None


def _wrong_option(name: str, value: Any, field: KnownField) -> Wrong | None:
    """A value of a list is meant by its name; by one in other capitals where only one is like that."""
    wanted = _TRUTHS[value] if isinstance(value, bool) else (str(value).strip(),)
    folded = [option.casefold() for option in field.options]
    if any(one in field.options or folded.count(one.casefold()) == 1 for one in wanted):
        return None
    if not field.options or _GUID.fullmatch(wanted[0]):
        return None
    remedy = nearest(wanted[0], field.options) or "add it in Onspring"
    return Wrong(f"{shown(value)} is not one of the values of the list of `{name}`", remedy)


def _placed(wrongs: Iterator[Wrong], path: KeyPath) -> Iterator[Finding]:
    for wrong in wrongs:
        yield Finding((*path, *wrong.path), wrong.message, wrong.remedy)

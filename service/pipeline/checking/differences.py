"""What became of an app's fields between two listings of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.fusioo.models import App


@dataclass(frozen=True, slots=True)
class AppDifferences:
    """What differs between what was known of an app and what the provider says now."""

    renamed: tuple[str, str] | None = None
    """The app's own name, before and now."""
    added: tuple[str, ...] = ()
    """Ids of fields that are new, or that the token may see now."""
    gone: tuple[str, ...] = ()
    """Ids of fields that left, or that the token may not see any more."""
    fields_renamed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Names before and now, by field id. Rules name fields by their ids: nothing happens to them."""
    types_changed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    options_gone: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By field id, the texts that a list does not take any more."""
    options_added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def told(self) -> dict[str, object]:
        """Give what differs by its name, without what does not."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


def differences(before: App, after: App) -> AppDifferences:
    """Compare two listings of an app."""
    old, new = ({each.id: each for each in app.fields} for app in (before, after))
    both = [(old[each], new[each]) for each in old if each in new]
    return AppDifferences(
        renamed=(before.name, after.name) if before.name != after.name else None,
        added=tuple(each for each in new if each not in old),
        gone=tuple(each for each in old if each not in new),
        fields_renamed={a.id: (a.name, b.name) for a, b in both if a.name != b.name},
        types_changed={a.id: (a.type, b.type) for a, b in both if a.type != b.type},
        options_gone={a.id: left for a, b in both if (left := _beyond(a.items, b.items))},
        options_added={a.id: come for a, b in both if (come := _beyond(b.items, a.items))},
    )


def _beyond(items: tuple[str, ...] | None, others: tuple[str, ...] | None) -> tuple[str, ...]:
    return () if items is None or others is None else tuple(each for each in items if each not in others)

"""Rules as plain JSON, to be kept beside the changes that they judged, and read again. Pure."""

from typing import Any, Self

from service.rules.configuration import Configuration
from service.rules.matcher import Matcher
from service.rules.schema import Rule
from service.rules.section import Section, Zone


class KeptRules(Section):
    """What judging by a configuration takes: its rules, and the time zone of each account."""

    rules: tuple[Rule, ...]
    timezones: dict[str, Zone]

    @classmethod
    def of(cls, configuration: Configuration) -> Self:
        """Take them from a configuration."""
        return cls(rules=configuration.rules, timezones=configuration.timezones)

    def written(self) -> dict[str, Any]:
        """Give both as the file has them. What was not written stays away, so that it reads back the same."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def matcher(self) -> Matcher:
        """Give what judges changes by them."""
        return Matcher(self.rules, self.timezones)

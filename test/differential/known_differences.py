"""Where the embedded cluster answers otherwise than Apache Kafka, and why it stays so.

Every row is checked: what it names must still differ, and nothing else may.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

from test.differential.case import EVERY_RELEASE, Case


class Difference(NamedTuple):
    """A difference that is known.

    Attributes:
        case: name of the case.
        path: of the value, as the comparison writes it; as fnmatch reads patterns.
        reason: why it stays.
        releases: of Apache Kafka that show it.
        lowest: first version of the case that shows it.
        highest: last version of the case that shows it.
    """

    case: str
    path: str
    reason: str
    releases: tuple[str, ...] = EVERY_RELEASE
    lowest: int = -1
    highest: int = 32767

    def concerns(self, case: Case) -> bool:
        """Return whether *case* shows it."""
        in_versions = self.lowest <= case.version <= self.highest
        return case.name == self.case and case.release in self.releases and in_versions

    def covers(self, path: str) -> bool:
        """Return whether the value at *path* is the one that differs."""
        return fnmatchcase(path, self.path)


_V3, _V4 = ("3.9.2",), ("4.4.0",)

_KRAFT_VERSION = "the real cluster is formatted with fixed voters, which is kraft.version 0"
_DOCUMENTATION = "the embedded cluster documents configs in its own words"
_DELETED = "Kafka looks at whole segments, the deleted records in them too"
_APPEND_TIME = "no producer claims append time; Kafka takes it for batches without compression"
_AT_ONCE = "the embedded cluster computes assignments at once, and says so in this config"
_PATTERN = "Kafka looks for the topics of a pattern a moment later, the embedded cluster at once"
_CONFIGS = "the embedded cluster has the configs of 4.4 in every release"
_GROUP_CONFIGS = "groups have configs from 4.0 on; the embedded cluster has them in every release"
_OLD_COORDINATOR = (
    "the coordinator of 3.9 forgets a group with its last offset; that of 4.4 does not"
)

KNOWN: tuple[Difference, ...] = (
    Difference("basics.versions_offered", "*.finalized_features", _KRAFT_VERSION, _V4, lowest=3),
    Difference(
        "basics.software_name_refused", "*.finalized_features", _KRAFT_VERSION, _V4, lowest=3
    ),
    Difference("configs.configs_with_documentation", "*.documentation", _DOCUMENTATION),
    Difference("fetch.records_deleted", "[[]9].ListOffsets*", _DELETED),
    Difference("produce.append_time_claimed", "*", _APPEND_TIME),
    Difference(
        "produce.null_records",
        "*",
        "Kafka never answers a Produce whose records are null; hanging helps no test",
    ),
    Difference("configs.configs_of_groups", "*.configs[[]0].*", _AT_ONCE, _V4),
    Difference("new_groups.patterns", "*.member_epoch", _PATTERN, _V4),
    Difference("configs.configs_of_a_topic", "*.configs", _CONFIGS, _V3),
    Difference("configs.configs_with_synonyms", "*.configs", _CONFIGS, _V3),
    Difference("configs.configs_of_groups", "*", _GROUP_CONFIGS, _V3),
    Difference("configs.configs_of_client_metrics", "*.configs", _CONFIGS, _V3),
    Difference("configs.configs_of_groups_adjusted", "*", _GROUP_CONFIGS, _V3),
    Difference(
        "fetch.partition_asked_twice",
        "*.partitions",
        "4.4 answers once for a partition asked for twice, 3.9 twice",
        _V3,
    ),
    Difference(
        "groups.coordinators_refused",
        "*.coordinators[[]0].error_code",
        "3.9 knows the key of share groups, but has no coordinator of them",
        _V3,
        lowest=6,
    ),
    Difference(
        "offsets.offsets_of_groups_read",
        "*",
        "3.9 never answers a request without groups; hanging helps no test",
        _V3,
    ),
    Difference("offsets.offsets_deleted", "*", _OLD_COORDINATOR, _V3),
    Difference(
        "acls.acls_refused",
        "[[]10].*",
        "3.9 takes an ACL without a host, that nobody can ever match",
        _V3,
    ),
)

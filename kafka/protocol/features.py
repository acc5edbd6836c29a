"""What a user may ask for that some brokers are too old to do.

Pure. It names each feature and the first version of the API that carries it;
`ApiVersions.require` compares.
"""

from typing import Final, NamedTuple


class Feature(NamedTuple):
    """One feature.

    Attributes:
        name: as the user knows it.
        api_key: the API that carries it.
        api: the API's name.
        version: the first version that does.
    """

    name: str
    api_key: int
    api: str
    version: int


# KIP-79
OFFSETS_FOR_TIMES: Final = Feature("offsets_for_times()", 2, "ListOffsets", 1)
# KIP-98; older brokers ignore the isolation level and would return aborted records.
READ_COMMITTED: Final = Feature("isolation_level 'read_committed'", 1, "Fetch", 4)
# KIP-98
IDEMPOTENCE: Final = Feature("enable_idempotence", 22, "InitProducerId", 0)
# KIP-735: the default of brokers and clients since 3.0, which has brought this API. Brokers of 0.9
# refuse sessions of more than 30 s.
LONG_SESSIONS: Final = Feature("sessions of 45 s", 66, "ListTransactions", 0)
# KIP-110
ZSTD: Final = Feature("compression_type 'zstd'", 0, "Produce", 7)
# KIP-1082; older brokers make it when a member joins.
MEMBER_ID_OF_CLIENT: Final = Feature(
    "a member id made by the client", 68, "ConsumerGroupHeartbeat", 1
)
# KIP-152; before, SASL tokens are frames without a header.
SASL_IN_REQUESTS: Final = Feature("SASL tokens in requests", 36, "SaslAuthenticate", 0)
# KIP-584
CLUSTER_FEATURES: Final = Feature("features of the cluster", 18, "ApiVersions", 3)

# The feature whose level says how transactions end (KIP-890).
TRANSACTION_VERSION: Final = "transaction.version"

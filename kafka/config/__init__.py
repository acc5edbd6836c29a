"""Every option of every client, declared once with type, default, check and documentation.

`ConsumerOptions` and the like are the same options as types, for annotations.
"""

from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names
from kafka.config.admin import AdminConfig
from kafka.config.base import Config
from kafka.config.consumer import ConsumerConfig
from kafka.config.network import NetworkConfig
from kafka.config.producer import ProducerConfig
from kafka.config.security import SecurityConfig

if TYPE_CHECKING:
    from kafka.config.typed import AdminOptions, ConsumerOptions, ProducerOptions

__all__ = [
    "AdminConfig",
    "AdminOptions",
    "Config",
    "ConsumerConfig",
    "ConsumerOptions",
    "NetworkConfig",
    "ProducerConfig",
    "ProducerOptions",
    "SecurityConfig",
]

__getattr__ = lazy_names(
    __name__,
    {
        "AdminOptions": "kafka.config.typed",
        "ConsumerOptions": "kafka.config.typed",
        "ProducerOptions": "kafka.config.typed",
    },
)

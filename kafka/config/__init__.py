"""Every option of every client, declared once with type, default, check and documentation."""

from kafka.config.base import Config
from kafka.config.consumer import ConsumerConfig
from kafka.config.network import NetworkConfig, SecurityConfig
from kafka.config.producer import ProducerConfig

__all__ = ["Config", "ConsumerConfig", "NetworkConfig", "ProducerConfig", "SecurityConfig"]

"""The types of the options are those that the declarations give."""

from __future__ import annotations

import subprocess
import sys

from kafka.config import AdminConfig, ConsumerConfig, ProducerConfig
from kafka.config.typed import AdminOptions, ConsumerOptions, ProducerOptions
from tools.generate_options import TARGET, generate


def test_the_types_are_generated_from_the_declarations() -> None:
    assert TARGET.read_text(encoding="utf-8") == generate()


def test_each_option_has_a_type() -> None:
    assert set(AdminOptions.__annotations__) == set(AdminConfig.OPTIONS)
    assert set(ConsumerOptions.__annotations__) == set(ConsumerConfig.OPTIONS)
    assert set(ProducerOptions.__annotations__) == set(ProducerConfig.OPTIONS)


def test_no_client_imports_the_types() -> None:
    program = (
        "import sys\n"
        "from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer\n"
        "from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer\n"
        "print(sorted({'kafka.config.typed', 'kafka.config.forms'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "kafka.config" not in done.stdout

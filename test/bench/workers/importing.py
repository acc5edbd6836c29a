"""Time the import of what most programs begin with, in an interpreter that has loaded nothing else.

Prints the same line as `worker`; run by `end_to_end` as ``python importing.py``.
"""

import time

_wall, _cpu = time.perf_counter(), time.process_time()
from kafka import KafkaConsumer, KafkaProducer  # noqa: E402, F401 - this is what is timed

_wall, _cpu = time.perf_counter() - _wall, time.process_time() - _cpu

import json  # noqa: E402 - the client may need it, so it must not be there before
import resource  # noqa: E402 - the same

_PEAK = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"records": 1, "wall": _wall, "cpu": _cpu, "peak_rss_mb": _PEAK}))

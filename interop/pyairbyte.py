"""Drives the destination through PyAirbyte, as a user of its library does, and prints as JSON what PyAirbyte made of it.

usage: pyairbyte.py EXECUTABLE URL CLOSED_URL [SOURCE_FAKER]
"""

import json
import sys
import tempfile

import airbyte
from airbyte.caches import DuckDBCache
from airbyte.exceptions import AirbyteConnectorCheckFailedError, AirbyteConnectorWriteError


def destination(url, **config):
    return airbyte.get_destination("destination-webhook", config={"url": url} | config, local_executable=executable)


def smoke_test_source(**config):
    return airbyte.get_source("source-smoke-test", config=config, streams="*", local_executable="source-smoke-test")


def spec():
    webhook = destination(url)
    webhook.validate_config()
    return webhook.config_spec["title"]


def failing_check(url):
    """Returns the reason that PyAirbyte shows for a check that fails."""
    try:
        destination(url).check()
    except AirbyteConnectorCheckFailedError as failure:
        return failure.context["failure_reason"]
    return "the check passed"


def write_smoke_test(url):
    """Writes every scenario of PyAirbyte's own source; returns the records that it counts as delivered."""
    source = smoke_test_source(all_fast_streams=True, all_slow_streams=True)
    return destination(url).write(source, cache=False, state_cache=False).processed_records


def failing_write(url):
    """Returns the name of the exception by which PyAirbyte tells that a write has failed."""
    source = smoke_test_source(all_fast_streams=False, scenario_filter=["basic_types"])
    try:
        destination(url, delivery={"retry": {"max_attempts": 1}}).write(source, cache=False, state_cache=False)
    except AirbyteConnectorWriteError as failure:
        return type(failure).__name__
    return "the write succeeded"


def write_faker(faker):
    """Writes made-up shop data twice. PyAirbyte keeps the states that come back, so the second time there is nothing left."""
    source = airbyte.get_source(
        "source-faker",
        config={"count": 200, "seed": 1, "parallelism": 1, "always_updated": False},
        streams="*",
        local_executable=faker,
    )
    cache = DuckDBCache(db_path=tempfile.mkdtemp() + "/states.duckdb")
    first = destination(url).write(source, cache=False, state_cache=cache)
    again = destination(url).write(source, cache=False, state_cache=cache)
    return {"first": first.processed_records, "again": again.processed_records}


executable, url, closed = sys.argv[1:4]
seen = {
    "spec": spec(),
    "check": "passed" if destination(url).check() is None else "no answer",
    "failing_check": failing_check(closed),
    "smoke_test": write_smoke_test(url),
    "failing_write": failing_write(closed),
    "faker": write_faker(sys.argv[4]) if len(sys.argv) > 4 else None,
}
print("\n" + json.dumps(seen))

"""Writes a source whose streams have a namespace through PyAirbyte's cache, and prints the number of records that it counts.

PyAirbyte leaves the namespace out of the messages of a cached write, and keeps it in the catalog.

usage: cached.py EXECUTABLE URL NAMESPACE
"""

import sys
import tempfile

import airbyte
from airbyte.caches import DuckDBCache

executable, url, namespace = sys.argv[1:]
source = airbyte.get_source(
    "source-smoke-test",
    config={"all_fast_streams": False, "scenario_filter": ["basic_types"], "namespace": namespace},
    streams="*",
    local_executable="source-smoke-test",
)
destination = airbyte.get_destination("destination-webhook", config={"url": url}, local_executable=executable)
cache = DuckDBCache(db_path=tempfile.mkdtemp() + "/rows.duckdb")
print("\n" + str(destination.write(source, cache=cache).processed_records))

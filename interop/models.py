"""Reads messages from standard input and parses each by both of Airbyte's protocol models: those of pydantic, which
PyAirbyte uses, and the dataclasses of the CDK. Prints a line for each message: its type, or "refused: " and the reason.

A message is also refused when it comes out of pydantic's model other than it went in, nulls aside: whoever passes it on
would pass on something else.
"""

import json
import sys

import orjson
from airbyte_cdk.models import AirbyteMessageSerializer
from airbyte_protocol.models import AirbyteMessage


def parse(line):
    message = AirbyteMessage.model_validate_json(line)
    AirbyteMessageSerializer.load(orjson.loads(line))
    passed_on = without_nulls(json.loads(message.model_dump_json(by_alias=True, exclude_unset=True)))
    if passed_on != without_nulls(json.loads(line)):
        raise ValueError(f"it is passed on as {passed_on}")
    return message.type.value


def without_nulls(value):
    """PyAirbyte writes the nulls of fields that are absent, by names of its own."""
    if isinstance(value, dict):
        return {key: without_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(member) for member in value]
    return value


for line in sys.stdin:
    try:
        print(parse(line))
    except Exception as problem:
        print("refused:", " ".join(f"{problem} in {line}".split()))

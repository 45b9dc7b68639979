"""Holds a connector's metadata.yaml to Airbyte's model of it, and to a rule of the registry that the model lacks.

usage: metadata.py FILE
"""

import pathlib
import sys

from airbyte_cdk.models.connector_metadata import MetadataFile

metadata = MetadataFile.from_file(pathlib.Path(sys.argv[1]))
# The registry's schema wants at least one entry; without breaking changes the key is left out.
releases = metadata.data.model_extra.get("releases", {})
if not releases.get("breakingChanges", True):
    sys.exit("releases.breakingChanges is empty")
print("valid")

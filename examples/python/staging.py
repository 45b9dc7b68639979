import hashlib
from dataclasses import dataclass, field


@dataclass
class Stage:
    """The rows of a stream that wait for a manifest; with a database it is a table."""

    generation: str
    rows: list = field(default_factory=list)
    taken: set = field(default_factory=set)  # Webhook-Ids whose rows are here
    runs: dict = field(default_factory=dict)  # Webhook-Ids by run


class Staging:
    def __init__(self):
        self.stages: dict[str, Stage] = {}  # by stream
        self.committed: dict[str, str] = {}  # the last run, by stream

    def of(self, stream, generation):
        """The rows of an earlier generation are dropped: its sync has failed, and the source is read anew."""
        stage = self.stages.get(stream)
        if stage is None or stage.generation != generation:
            stage = self.stages[stream] = Stage(generation)
        return stage

    def add(self, stream, generation, run, batch, rows):
        """Keeps the accepted rows of a batch, once, and notes that its run has it."""
        stage = self.of(stream, generation)
        stage.runs.setdefault(run, set()).add(batch)
        if batch not in stage.taken:
            stage.taken.add(batch)
            stage.rows += rows

    def commit(self, stream, generation, manifest, tables, put):
        """Puts the rows that wait into the table of a stream, all at once. Returns what is missing, if something is."""
        if self.committed.get(stream) == manifest["run"]:
            return None  # the answer got lost
        stage = self.of(stream, generation)
        ids = stage.runs.get(manifest["run"], set()) - set(manifest["superseded"])
        if len(ids) != manifest["batches"] or digest(ids) != manifest["digest"]:
            return f"{len(ids)} of {manifest['batches']} batches are here"
        replaced = manifest["sync_mode"] == "insert" and 0 < manifest["generation_id"] == manifest["minimum_generation_id"]
        table = {} if replaced else dict(tables.get(stream, {}))
        for row in stage.rows:
            put(table, row)
        tables[stream] = table
        self.committed[stream] = manifest["run"]
        del self.stages[stream]
        return None


def digest(ids):
    """The sum of the ids' digests, modulo 2^256."""
    return "%064x" % (sum(int(hashlib.sha256(id.encode()).hexdigest(), 16) for id in ids) % 2**256)

import { createHash } from "node:crypto";

// Staging has the rows of syncs that end with a manifest; with a database it is a table for each stream.
export class Staging {
  #stages = new Map(); // by stream
  #committed = new Map(); // the last run, by stream

  // add keeps the accepted rows of a batch, once, and notes that its run has it.
  add(stream, generation, run, id, rows) {
    const stage = this.#of(stream, generation);
    if (!stage.runs.has(run)) stage.runs.set(run, new Set());
    stage.runs.get(run).add(id);
    if (!stage.taken.has(id)) stage.rows.push(...rows);
    stage.taken.add(id);
  }

  // commit puts the rows that wait into the table of a stream, all at once. It returns what is missing, if something is.
  commit(stream, generation, manifest, tables, put) {
    if (this.#committed.get(stream) === manifest.run) return undefined; // the answer got lost
    const stage = this.#of(stream, generation);
    const ids = new Set(stage.runs.get(manifest.run));
    for (const id of manifest.superseded) ids.delete(id);
    if (ids.size !== manifest.batches || digest(ids) !== manifest.digest) return `${ids.size} of ${manifest.batches} batches are here`;
    const { sync_mode, generation_id, minimum_generation_id } = manifest;
    const replaced = sync_mode === "insert" && generation_id > 0 && generation_id === minimum_generation_id;
    const table = Object.assign(Object.create(null), replaced ? {} : tables[stream]);
    for (const row of stage.rows) put(table, row);
    tables[stream] = table;
    this.#committed.set(stream, manifest.run);
    this.#stages.delete(stream);
    return undefined;
  }

  // The rows of an earlier generation are dropped: its sync has failed, and the source is read anew.
  #of(stream, generation) {
    if (this.#stages.get(stream)?.generation !== generation) {
      this.#stages.set(stream, { generation, rows: [], taken: new Set(), runs: new Map() });
    }
    return this.#stages.get(stream);
  }
}

// digest is the sum of the ids' digests, modulo 2^256.
function digest(ids) {
  let sum = 0n;
  for (const id of ids) sum += BigInt("0x" + createHash("sha256").update(id).digest("hex"));
  return BigInt.asUintN(256, sum).toString(16).padStart(64, "0");
}

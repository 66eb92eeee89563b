"""Every reader of untrusted bytes that is fuzzed, by name."""

from __future__ import annotations

from tests.fuzzing import of_files, of_messages, of_proofs
from tests.fuzzing.oracle import Target

TARGETS = {
    target.name: target
    for target in (
        Target("json", of_messages.read_json, of_messages.messages),
        Target("message", of_messages.read_message, of_messages.messages),
        Target("query", of_messages.read_query, of_messages.queries),
        Target("record", of_messages.read_record, of_messages.records),
        Target("delivery", of_messages.read_stream, of_messages.messages),
        Target("form", of_messages.read_form, of_messages.forms),
        Target("flat", of_messages.read_flat, of_messages.flat_files),
        Target("encrypted", of_messages.read_encrypted_message, of_messages.encrypted),
        Target("signature", of_proofs.read_signed, of_proofs.signatures),
        Target("diagnosis", of_proofs.diagnosed, of_proofs.all_messages),
        Target("keys", of_proofs.read_keys, of_proofs.key_lists),
        Target("token", of_proofs.read_token, of_proofs.tokens),
        Target("csv", of_files.read_mapped, of_files.tables),
        Target("lines", of_files.read_mapped, of_files.lines),
        Target("parquet", of_files.read_parquet, of_files.parquet),
        Target("zip", of_files.read_zip, of_files.zips),
        Target("xlsx", of_files.read_xlsx, of_files.xlsx_parts),
        Target("ods", of_files.read_ods, of_files.ods_parts),
        Target("mapping", of_files.read_a_mapping, of_files.mappings),
        Target("cells", of_files.read_cells, of_files.cells),
        Target("areas", of_files.read_areas, of_files.areas),
    )
}

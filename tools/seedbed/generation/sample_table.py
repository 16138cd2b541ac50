"""Samples as Parquet: flat columns that any tool can query, and the same bytes for the same samples."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any, Self

from seedbed.errors import MissingExtraError
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.taxonomy.leaf import Span
from seedbed.teacher.teacher import Message, TeacherIdentity


def samples_to_parquet(samples: Sequence[Sample]) -> bytes:
    """One row group, zstd, no time stamp: the bytes depend on the samples and the version of pyarrow alone."""
    sink = io.BytesIO()
    with SampleTable(sink) as table:
        table.write(samples)
    return sink.getvalue()


class SampleTable:
    """A Parquet file in the making: a row group for each call of `write`. Leaving it writes what closes the file."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._pyarrow, parquet = _pyarrow()
        self._schema = _schema(self._pyarrow)
        self._writer = parquet.ParquetWriter(
            sink, self._schema, compression="zstd", compression_level=3, store_schema=False
        )

    def write(self, samples: Sequence[Sample]) -> None:
        """Write the samples as one row group."""
        rows = [_row(sample) for sample in samples]
        table = self._pyarrow.Table.from_pylist(rows, schema=self._schema)
        self._writer.write_table(table, row_group_size=max(1, len(rows)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()


def samples_from_parquet(content: bytes) -> tuple[Sample, ...]:
    """What `samples_to_parquet` wrote.

    Read in this thread alone: the thread pools of pyarrow can outlive the interpreter and abort the process at its
    end, after all work is done (seen with 26.0 in one run of ten).
    """
    pyarrow, parquet = _pyarrow()
    file = parquet.ParquetFile(pyarrow.BufferReader(content), pre_buffer=False)
    return tuple(_sample(row) for row in file.read(use_threads=False).to_pylist())


def ids_from_parquet(content: bytes) -> tuple[str, ...]:
    """The ids of the samples alone."""
    pyarrow, parquet = _pyarrow()
    file = parquet.ParquetFile(pyarrow.BufferReader(content), pre_buffer=False)
    return tuple(file.read(columns=["id"], use_threads=False)["id"].to_pylist())


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("the sample store", "generate", "pyarrow") from error
    return pyarrow, pyarrow.parquet


def _schema(pyarrow: Any) -> Any:
    text, whole = pyarrow.string(), pyarrow.int64()
    message = pyarrow.struct([("role", text), ("content", text)])
    teacher = pyarrow.struct([("backend", text), ("model", text), ("revision", text)])
    span = pyarrow.struct([(name, whole) for name in ("line", "column", "end_line", "end_column")])
    return pyarrow.schema(
        [
            ("id", text),
            ("leaf", text),
            ("branch", text),
            ("stage", text),
            ("held_out", pyarrow.bool_()),
            ("messages", pyarrow.list_(message)),
            ("leaf_blob", text),
            ("document_path", text),
            ("document_blob", text),
            ("passage", span),
            ("prompts_digest", text),
            ("teacher", teacher),
            ("seed", whole),
            ("parameters", text),  # JSON: values of several types
            ("scores", text),  # JSON
        ]
    )


def _row(sample: Sample) -> dict[str, Any]:
    made = sample.provenance
    return {
        "id": sample.id,
        "leaf": sample.leaf,
        "branch": sample.branch,
        "stage": str(sample.stage),
        "held_out": sample.held_out,
        "messages": [asdict(message) for message in sample.messages],
        "leaf_blob": made.leaf_blob,
        "document_path": made.document_path,
        "document_blob": made.document_blob,
        "passage": asdict(made.passage) if made.passage else None,
        "prompts_digest": made.prompts_digest,
        "teacher": asdict(made.teacher),
        "seed": made.seed,
        "parameters": json.dumps(dict(made.parameters), sort_keys=True),
        "scores": json.dumps(dict(sample.scores), sort_keys=True),
    }


def _sample(row: dict[str, Any]) -> Sample:
    return Sample(
        leaf=row["leaf"],
        stage=Stage(row["stage"]),
        messages=tuple(Message(**message) for message in row["messages"]),
        held_out=row["held_out"],
        provenance=Provenance(
            leaf_blob=row["leaf_blob"],
            prompts_digest=row["prompts_digest"],
            teacher=TeacherIdentity(**row["teacher"]),
            seed=row["seed"],
            parameters=json.loads(row["parameters"]),
            document_path=row["document_path"],
            document_blob=row["document_blob"],
            passage=Span(**row["passage"]) if row["passage"] else None,
        ),
        scores=json.loads(row["scores"]),
    )

"""A process that has read samples ends with its own exit code: no thread of a library aborts it on the way out."""

import subprocess
import sys

READ = """
import sys
from seedbed.generation.sample_table import samples_from_parquet
for _ in range(6):
    samples_from_parquet(open(sys.argv[1], "rb").read())
"""


def test_no_abort_at_exit(tmp_path):
    from seedbed.generation.sample import Provenance, Sample, Stage
    from seedbed.generation.sample_table import samples_to_parquet
    from seedbed.teacher.teacher import Message, TeacherIdentity

    provenance = Provenance("0" * 40, "digest", TeacherIdentity("test", "test", "1"), 0, {})
    samples = [
        Sample(
            "knowledge/x",
            Stage.KNOWLEDGE_SHORT,
            (Message("user", str(n)), Message("assistant", "a")),
            False,
            provenance,
        )
        for n in range(200)
    ]
    path = tmp_path / "samples.parquet"
    path.write_bytes(samples_to_parquet(samples))
    codes = [
        subprocess.run([sys.executable, "-c", READ, str(path)], check=False).returncode for _ in range(8)
    ]
    assert codes == [0] * 8

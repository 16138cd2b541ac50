"""sdg-hub's side of `generate.py`: its flow `doc_direct_qa` over documents, run by an interpreter that has sdg-hub.

PYTHON benchmarks/sdg_hub_side.py ADDRESS DOCUMENTS.json CONCURRENCY [SAVE_FREQ FOLDER]   (prints JSON)
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
logging.disable(logging.WARNING)


def main() -> None:
    import pandas
    import sdg_hub
    from sdg_hub import Flow

    address, documents, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3])
    folder = (
        Path(sdg_hub.__file__).parent / "flows/knowledge_infusion/enhanced_multi_summary_qa/doc_direct_qa"
    )
    flow = Flow.from_yaml(str(folder / "flow.yaml"))
    flow.set_model_config(model="openai/fixed", api_base=address, api_key="none")
    rows = pandas.DataFrame(json.loads(Path(documents).read_text()))
    checkpoints = {"save_freq": int(sys.argv[4]), "checkpoint_dir": sys.argv[5]} if len(sys.argv) > 4 else {}
    start = time.monotonic()
    made = flow.generate(rows, max_concurrency=concurrency, **checkpoints)
    seconds = time.monotonic() - start
    print("RESULT " + json.dumps({"seconds": seconds, "pairs": len(made)}))


if __name__ == "__main__":
    main()

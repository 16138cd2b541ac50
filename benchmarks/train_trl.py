"""TRL's SFTTrainer on samples that `benchmarks/train.py` made; prints real tokens per second of processor time.

Run by `benchmarks/train.py` in an interpreter that has trl; the one argument is a JSON object with its settings.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def main() -> None:
    task: dict[str, Any] = json.loads(sys.argv[1])
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    torch.set_num_threads(1)
    torch.set_float32_matmul_precision(task["matmul"])
    rows = [json.loads(line) for line in Path(task["data"]).read_text(encoding="utf-8").splitlines()]
    data = Dataset.from_list(
        [
            {"input_ids": row["ids"], "labels": [-100] * row["loss_from"] + row["ids"][row["loss_from"] :]}
            for row in rows
        ]
    )
    times: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            times.append(time.process_time())

    packing = task["packing"]
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(task["model"]),
            args=SFTConfig(
                output_dir=folder,
                use_cpu=True,
                bf16=task["precision"] == "bf16",
                per_device_train_batch_size=task["batch"],
                # Packed rows of 512 tokens hold about five samples each.
                gradient_accumulation_steps=max(
                    1, task["samples"] // (task["batch"] * (5 if packing else 1))
                ),
                num_train_epochs=1,
                learning_rate=1e-4,
                max_length=512,
                packing=packing,
                train_sampling_strategy=task["sampling"],
                gradient_checkpointing=False,  # costs a forward pass; nothing here needs the memory
                dataloader_num_workers=0,
                optim="adamw_torch_fused",
                torch_compile=task["compile"],
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                logging_steps=1,
                seed=0,
            ),
            train_dataset=data,
            processing_class=AutoTokenizer.from_pretrained(task["model"]),
            callbacks=[Clock()],
        )
        trainer.train()
    # All steps are alike in samples, so their tokens are the epoch's in equal parts on average.
    tokens = sum(len(row["ids"]) for row in rows)
    print(tokens * (len(times) - 1) / len(times) / (times[-1] - times[0]))


if __name__ == "__main__":
    main()

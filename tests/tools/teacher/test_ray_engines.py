"""Without Ray; two real engines are tested in tests/vllm_cpu."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.config import VllmSettings
from seedbed.errors import MissingExtraError, TeacherError, install_command
from seedbed.teacher.ray_engines import _dealt_cores, _Plan, _resources, load_ray_teacher
from seedbed.teacher.routing import within_load
from seedbed.teacher.teacher import TeacherIdentity


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_the_line_that_installs_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError) as raised:
        load_ray_teacher(str(tmp_path), engines=2)
    assert raised.value.hint == install_command("scale")


def plan(**sizes: int) -> _Plan:
    return _Plan("m", VllmSettings(**sizes), 8, None, TeacherIdentity("vllm", "m", "r"))  # type: ignore[arg-type]


def test_an_engine_takes_its_gpus_or_one_core() -> None:
    assert _resources({"CPU": 4}, plan(), 4) == {"num_cpus": 1}
    assert _resources({"CPU": 4, "GPU": 8}, plan(tensor_parallel_size=2, data_parallel_size=2), 2) == {
        "num_gpus": 4
    }
    with pytest.raises(TeacherError, match="3 engines need 6 GPUs; Ray's cluster has 4"):
        _resources({"CPU": 64, "GPU": 4}, plan(tensor_parallel_size=2), 3)


def test_engines_of_one_machine_share_no_core() -> None:
    assert _dealt_cores([("a", (0, 1, 2, 3)), ("b", (0, 1)), ("a", (0, 1, 2, 3))]) == ["0,2", "0,1", "1,3"]
    assert _dealt_cores([("a", (5,)), ("a", (5,))]) == ["5", None]  # fewer cores than engines: vLLM's choice


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8))
def test_the_chosen_engine_is_never_far_above_the_average(load: list[int]) -> None:
    order = list(range(len(load)))
    chosen = within_load(order, dict(enumerate(load)))
    assert load[chosen] <= 1.25 * (sum(load) + 1) / len(load)
    if not sum(load):
        assert chosen == 0

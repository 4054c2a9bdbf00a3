"""What is asked for and not there is said at once."""

import pytest
import torch

from yaokit.core.errors import UsageError
from yaokit.nn.devices import check_device


@pytest.mark.skipif(torch.cuda.device_count() > 0, reason="needs a machine without a GPU")
@pytest.mark.parametrize(("device", "devices"), [("auto", 2), ("cuda", 1), ("cuda", 2)])
def test_gpus_that_are_not_there_are_refused(device: str, devices: int):
    with pytest.raises(UsageError, match="this machine has no"):
        check_device(device, devices)


def test_processes_of_the_processor_can_be_asked_for():
    assert check_device("cpu", 2) == "cpu"


def test_an_unknown_device_lists_those_there_are():
    with pytest.raises(UsageError, match="choose one of: auto, cpu"):
        check_device("tpu")

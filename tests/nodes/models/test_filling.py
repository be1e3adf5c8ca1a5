"""Tensors become parameters: mapped where they are right already, else placed, packed or unpacked."""

import pytest
import torch
from torch import Tensor, nn
from weft_nodes.models.filling import Placement, fill
from weft_nodes.models.loading import build_without_storage
from weft_nodes.models.packed import PACKINGS, Fp8Linear, PackedLinear, Storage
from weft_nodes.models.quantised import Int8Linear, Nf4Linear

CPU = torch.device("cpu")


class Net(nn.Module):
    """A layer outside of blocks, one in a block, one that is tied to an embedding, and a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(4, 4, bias=bias)) for bias in (True, False))
        self.words = nn.Embedding(4, 4)
        self.norm = nn.LayerNorm(4)
        self.get_submodule("blocks.1.0").weight = self.words.weight
        self.register_buffer("count", torch.tensor(3))


def filled(
    tensors: dict[str, Tensor], storage: Storage, dtype: torch.dtype = torch.float32
) -> tuple[nn.Module, dict[str, Tensor]]:
    net = build_without_storage(Net)
    wanted = net.state_dict(keep_vars=True)
    torch.manual_seed(0)
    given = {name: torch.randn(tensor.shape) for name, tensor in wanted.items() if name != "count"}
    given["blocks.1.0.weight"] = given["words.weight"]
    given = given | {"count": torch.tensor(3)} | tensors
    fill(net, wanted, given, Placement(dtype, CPU, storage))
    return net, given


def test_every_tensor_is_a_copy() -> None:
    net, given = filled({}, "kept")

    found = net.state_dict()
    assert not [name for name, tensor in given.items() if found[name].data_ptr() == tensor.data_ptr()]
    assert all(torch.equal(found[name], tensor) for name, tensor in given.items())


def test_floats_take_the_type_and_whole_numbers_keep_theirs() -> None:
    net, given = filled({}, "plain", torch.float16)

    assert {tensor.dtype for tensor in net.parameters()} == {torch.float16}
    assert net.state_dict()["count"].dtype == torch.int64
    assert given["norm.weight"].dtype == torch.float32


def test_eight_bits_of_a_file_stay_eight_bits_in_linear_layers_alone() -> None:
    packed = {
        name: torch.ones(shape).to(torch.float8_e4m3fn)
        for name, shape in (("first.weight", (4, 4)), ("norm.weight", (4,)))
    }
    net, _ = filled(packed | {"first.weight_scale": torch.full((4, 1), 0.5)}, "kept")

    layer = net.get_submodule("first")
    assert isinstance(layer, Fp8Linear)
    assert (layer.weight == 0.5).all()
    assert net.get_parameter("norm.weight").dtype == torch.float32


def test_eight_bits_are_unpacked_where_a_type_is_chosen() -> None:
    packed = {"first.weight": torch.ones(4, 4).to(torch.float8_e4m3fn)}
    net, _ = filled(packed | {"first.weight_scale": torch.full((4, 1), 0.5)}, "plain", torch.bfloat16)

    assert type(net.get_submodule("first")) is nn.Linear
    assert net.get_parameter("first.weight").dtype == torch.bfloat16
    assert (net.get_parameter("first.weight") == 0.5).all()


@pytest.mark.parametrize(
    ("storage", "kind", "most"),
    [("float8", Fp8Linear, 0.07), ("int8", Int8Linear, 0.02), ("nf4", Nf4Linear, 0.3)],
)
def test_blocks_are_packed_when_asked_and_what_is_outside_or_tied_is_not(
    storage: Storage, kind: type[PackedLinear], most: float
) -> None:
    net, given = filled({}, storage)

    packed = net.get_submodule("blocks.0.0")
    assert isinstance(packed, kind)
    assert type(net.get_submodule("first")) is nn.Linear
    assert type(net.get_submodule("blocks.1.0")) is nn.Linear
    tied = [net.get_parameter(name).data_ptr() for name in ("blocks.1.0.weight", "words.weight")]
    assert tied[0] == tied[1]
    written = given["blocks.0.0.weight"]
    assert (packed.weight - written).norm() < most * written.norm()


def test_nothing_is_left_without_storage() -> None:
    storages: tuple[Storage, ...] = ("plain", "kept", *PACKINGS)
    for storage in storages:
        net, _ = filled({}, storage)

        assert not [name for name, tensor in net.named_parameters() if tensor.is_meta], storage

"""PyTorch in f32: `eager`, `cl` (channels_last), `compile` (torch.compile and channels_last)."""

import sys
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
from torch_model import Net  # noqa: E402


def prepare(variant, model, mode, data, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = Net(model).train(mode == "train")
    params = sum(p.numel() for p in net.parameters())
    inputs, targets = torch.from_numpy(data[0]), torch.from_numpy(data[1])
    inputs = list(inputs)
    if variant != "eager" and inputs[0].dim() == 4:
        net = net.to(memory_format=torch.channels_last)
        inputs = [x.contiguous(memory_format=torch.channels_last) for x in inputs]
    run = torch.compile(net, dynamic=False) if variant == "compile" else net

    if mode == "infer":

        @torch.inference_mode()
        def work(x, _):
            run(x)

    else:
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9)
        loss = nn.CrossEntropyLoss()

        def work(x, y):
            optimizer.zero_grad(set_to_none=True)
            loss(run(x), y).backward()
            optimizer.step()

    return work, list(zip(inputs, targets)), params

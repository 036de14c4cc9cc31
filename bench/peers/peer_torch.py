"""PyTorch in f32: `eager`, `cl` (channels_last), `compile` (torch.compile and channels_last)."""

import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "silu": nn.SiLU, "tanh": nn.Tanh}


def layer(spec, shape):
    kind = spec["kind"]
    if kind == "conv2d":
        return nn.Conv2d(shape[0], spec["out_channels"], spec["kernel_size"], spec.get("stride", 1), spec.get("padding", 0))
    if kind == "max_pool2d":
        return nn.MaxPool2d(spec["kernel_size"], padding=spec.get("padding", 0))
    if kind == "avg_pool2d":
        return nn.AvgPool2d(spec["kernel_size"])
    if kind == "batch_norm2d":
        return nn.BatchNorm2d(shape[0])
    if kind == "flatten":
        return nn.Flatten()
    if kind == "linear":
        return nn.Linear(shape[0], spec["out_features"])
    return ACTIVATIONS[kind]()


def build(model):
    layers, x = [], torch.zeros(1, *model["input"])
    for spec in model["layers"]:
        layers.append(layer(spec, x.shape[1:]).eval())
        x = layers[-1](x)
    return nn.Sequential(*layers)


def prepare(variant, model, mode, data, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = build(model).train(mode == "train")
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

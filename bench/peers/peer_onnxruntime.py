"""onnxruntime, inference only, on a file that PyTorch exports."""

import io

import onnxruntime
import torch
from peer_torch import Net


def prepare(_variant, model, mode, data, threads):
    if mode != "infer":
        raise ValueError("onnxruntime only infers")
    net = Net(model).eval()
    file = io.BytesIO()
    torch.onnx.export(net, (torch.from_numpy(data[0][0]),), file, input_names=["x"], dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    params = sum(p.numel() for p in net.parameters())
    return lambda x, _: session.run(None, {"x": x}), list(zip(*data)), params

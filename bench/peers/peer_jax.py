"""JAX, compiled, images as NHWC, which its processor backend likes best."""

import jax
import jax.numpy as jnp
from jax import lax

ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "silu": jax.nn.silu, "tanh": jnp.tanh}


def start(model, key):
    """Parameters of each layer, and running statistics are left out: a step that does less than the others'."""
    params, shape = [], tuple(model["input"][1:] + model["input"][:1])
    for spec in model["layers"]:
        key, own = jax.random.split(key)
        kind, p = spec["kind"], ()
        if kind == "conv2d":
            k, out = spec["kernel_size"], spec["out_channels"]
            p = (jax.random.normal(own, (k, k, shape[-1], out)) / (k * k * shape[-1]) ** 0.5, jnp.zeros(out))
        elif kind == "linear":
            p = (jax.random.normal(own, (shape[0], spec["out_features"])) / shape[0] ** 0.5, jnp.zeros(spec["out_features"]))
        elif kind == "batch_norm2d":
            p = (jnp.ones(shape[-1]), jnp.zeros(shape[-1]))
        params.append(p)
        shape = jax.eval_shape(lambda x, spec=spec, p=p: apply(spec, p, x), jnp.zeros((1, *shape))).shape[1:]
    return params


def apply(spec, p, x):
    kind = spec["kind"]
    if kind == "conv2d":
        step, pad = spec.get("stride", 1), spec.get("padding", 0)
        y = lax.conv_general_dilated(x, p[0], (step, step), [(pad, pad)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return y + p[1]
    if kind in ("max_pool2d", "avg_pool2d"):
        k, pad = spec["kernel_size"], spec.get("padding", 0)
        window, pads = (1, k, k, 1), [(0, 0), (pad, pad), (pad, pad), (0, 0)]
        if kind == "max_pool2d":
            return lax.reduce_window(x, -jnp.inf, lax.max, window, window, pads)
        return lax.reduce_window(x, 0.0, lax.add, window, window, pads) / (k * k)
    if kind == "batch_norm2d":
        mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
        return (x - mean) * lax.rsqrt(var + 1e-5) * p[0] + p[1]
    if kind == "flatten":
        return x.reshape(x.shape[0], -1)
    if kind == "linear":
        return x @ p[0] + p[1]
    return ACTIVATIONS[kind](x)


def prepare(_variant, model, mode, data, _threads):
    layers = model["layers"]
    params = start(model, jax.random.key(0))
    count = sum(x.size for x in jax.tree.leaves(params))

    def forward(params, x):
        for spec, p in zip(layers, params):
            x = apply(spec, p, x)
        return x

    def loss(params, x, y):
        return -jnp.take_along_axis(jax.nn.log_softmax(forward(params, x)), y[:, None], 1).mean()

    def step(params, velocity, x, y):
        grads = jax.grad(loss)(params, x, y)
        velocity = jax.tree.map(lambda v, g: 0.9 * v + g, velocity, grads)
        return jax.tree.map(lambda p, v: p - 1e-4 * v, params, velocity), velocity

    images = data[0].transpose(0, 1, 3, 4, 2) if data[0].ndim == 5 else data[0]
    batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in zip(images, data[1])]
    if mode == "infer":
        run = jax.jit(forward)
        return lambda x, _: run(params, x).block_until_ready(), batches, count
    run = jax.jit(step, donate_argnums=(0, 1))
    state = [params, jax.tree.map(jnp.zeros_like, params)]

    def work(x, y):
        state[:] = run(*state, x, y)
        jax.block_until_ready(state[0])

    return work, batches, count

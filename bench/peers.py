"""The runtimes that the engine is compared with.

    peers.py RUNTIME WIDTH PIXELS THREADS

answers lines of standard input as `cargo run --example stopwatch` does: each names a case and how often it is timed
(`forward BATCH TIMES`, `gradient BATCH TIMES`: forward and the gradient at the input); it runs once more before, and is
answered with seconds. Runtimes: torch-fp32, torch-bf16, onnx.
"""

import sys
import time

import numpy


def convolutions(width):
    """Name, inputs, outputs, kernel, stride of every convolution of a ResNet-18."""
    yield "conv1", 3, width, 7, 2
    before = width
    for stage in range(1, 5):
        channels = width << (stage - 1)
        for block in range(2):
            name = f"layer{stage}.{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            yield f"{name}.conv1", before, channels, 3, stride
            yield f"{name}.conv2", channels, channels, 3, 1
            if before != channels:
                yield f"{name}.downsample", before, channels, 1, stride
            before = channels


def weights(width):
    """Weights of chance, batch-norms folded in, that keep values in their range."""
    random = numpy.random.default_rng(1)
    made = {}
    for name, inputs, outputs, kernel, stride in convolutions(width):
        bound = 0.7 * (6.0 / (inputs * kernel * kernel)) ** 0.5
        weight = random.uniform(-bound, bound, (outputs, inputs, kernel, kernel))
        made[name] = weight.astype("float32"), numpy.zeros(outputs, "float32"), stride
    made["fc"] = random.uniform(-0.1, 0.1, (2, 8 * width)).astype("float32"), numpy.zeros(2, "float32"), 1
    return made


class Torch:
    """PyTorch in channels-last layout."""

    def __init__(self, width, px, threads, is_bf16):
        import torch

        self.torch, self.px, self.is_bf16 = torch, px, is_bf16
        torch.set_num_threads(threads)
        self.weights = {}
        for name, (weight, bias, stride) in weights(width).items():
            weight, bias = torch.from_numpy(weight), torch.from_numpy(bias)
            if weight.ndim == 4:
                weight = weight.to(memory_format=torch.channels_last)
            self.weights[name] = weight, bias, stride

    def logits(self, x):
        f = self.torch.nn.functional

        def convolve(x, name):
            weight, bias, stride = self.weights[name]
            return f.conv2d(x, weight, bias, stride, weight.shape[2] // 2)

        x = f.max_pool2d(f.relu(convolve(x, "conv1"), inplace=True), 3, 2, 1)
        for stage in range(1, 5):
            for block in range(2):
                name = f"layer{stage}.{block}"
                between = f.relu(convolve(x, f"{name}.conv1"), inplace=True)
                around = convolve(x, f"{name}.downsample") if f"{name}.downsample" in self.weights else x
                x = f.relu(convolve(between, f"{name}.conv2") + around, inplace=True)
        weight, bias, _ = self.weights["fc"]
        return f.linear(x.mean((2, 3)), weight, bias)

    def images(self, batch):
        self.torch.manual_seed(2)
        x = self.torch.randn(batch, 3, self.px, self.px)
        return x.to(memory_format=self.torch.channels_last)

    def autocast(self):
        return self.torch.autocast("cpu", self.torch.bfloat16, enabled=self.is_bf16)

    def forward(self, x):
        with self.torch.inference_mode(), self.autocast():
            self.logits(x)

    def gradient(self, x):
        x = x.detach().requires_grad_()
        with self.autocast():
            logits = self.logits(x)
        self.torch.autograd.grad(logits[:, 1].float().sum(), x)


class Onnx:
    """ONNX Runtime on its CPU provider."""

    def __init__(self, width, px, threads):
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper

        self.px, nodes, initial = px, [], []
        made = weights(width)
        for name, (weight, bias, _) in made.items():
            initial += [numpy_helper.from_array(weight, f"{name}.w"), numpy_helper.from_array(bias, f"{name}.b")]

        def node(kind, inputs, output, **attributes):
            nodes.append(helper.make_node(kind, inputs, [output], **attributes))
            return output

        def convolve(x, name):
            weight, _, stride = made[name]
            pads = [weight.shape[2] // 2] * 4
            return node("Conv", [x, f"{name}.w", f"{name}.b"], f"{name}.y", strides=[stride] * 2, pads=pads)

        x = node("Relu", [convolve("input", "conv1")], "stem")
        x = node("MaxPool", [x], "pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        for stage in range(1, 5):
            for block in range(2):
                name = f"layer{stage}.{block}"
                between = node("Relu", [convolve(x, f"{name}.conv1")], f"{name}.between")
                around = convolve(x, f"{name}.downsample") if f"{name}.downsample" in made else x
                x = node("Add", [convolve(between, f"{name}.conv2"), around], f"{name}.sum")
                x = node("Relu", [x], f"{name}.out")
        x = node("Flatten", [node("GlobalAveragePool", [x], "mean")], "features")
        node("Gemm", [x, "fc.w", "fc.b"], "logits", transB=1)
        value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(
            nodes, "resnet18", [value("input", ["n", 3, px, px])], [value("logits", ["n", 2])], initial
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def images(self, batch):
        return numpy.random.default_rng(2).standard_normal((batch, 3, self.px, self.px), "float32")

    def forward(self, x):
        self.session.run(None, {"input": x})


def main():
    runtime, width, px, threads = sys.argv[1], *map(int, sys.argv[2:5])
    made = Onnx(width, px, threads) if runtime == "onnx" else Torch(width, px, threads, runtime == "torch-bf16")
    images = {}
    for line in sys.stdin:
        case, batch, times = line.split()
        x = images.setdefault(int(batch), made.images(int(batch)))
        # The first time brings back what others have pushed out of the caches.
        getattr(made, case)(x)
        began = time.perf_counter()
        for _ in range(int(times)):
            getattr(made, case)(x)
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()

"""Watches how a script trains, in its own process and without a second run: `watch` before the script, its result after it.

Nothing here draws a random number or changes one that is computed. Optimisers, losses and clipping are seen where the framework
itself passes them; rows of data are told apart by a fingerprint of their bytes. Needs NumPy and whatever framework the script has.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable

import numpy as np

WORDS = np.random.default_rng(0).integers(2**63, size=2**16, dtype="uint64") * np.uint64(2) + np.uint64(1)
IGNORED = "some targets ignored"
SETTINGS = {  # what the frameworks call them; the rate of a step comes after that which MXNet starts from
    "learning_rate": ("lr", "learning_rate"),
    "beta_1": ("beta_1", "beta1"),
    "beta_2": ("beta_2", "beta2"),
    "epsilon": ("epsilon", "eps"),
    "weight_decay": ("weight_decay", "wd"),
    "momentum": ("momentum",),
}


def fingerprints(x) -> np.ndarray:
    """Return a number for each row of an array, (N,): the same for the same bytes, and by chance alone for others."""
    found = []
    for start in range(0, len(x), 1000):
        rows = np.ascontiguousarray(x[start : start + 1000]).reshape(len(x[start : start + 1000]), -1)
        words = rows.view("uint32" if rows.itemsize % 4 == 0 else "uint8")
        found.append((words * WORDS[: words.shape[1]]).sum(axis=1, dtype="uint64"))
    return np.concatenate(found)


def taken(settings: dict) -> dict[str, float]:
    """Return an optimiser's settings by our names."""
    return {
        name: float(settings[each] or 0) for name, theirs in SETTINGS.items() for each in theirs if each in settings
    }


class Training:
    """What is seen of one optimiser: its settings at each step, the rows that went in, the losses that were minimised."""

    def __init__(self, optimizer) -> None:
        self.optimizer = optimizer  # kept, so that no other gets its identity
        self.settings: list[dict[str, float]] = []
        self.rows: list[np.ndarray] = []
        self.losses: set[str] = set()

    def report(self, data: list[np.ndarray]) -> dict:
        def over_steps(name: str):
            values = [settings[name] for settings in self.settings]
            return values if len(set(values)) > 1 else values[0]

        found = {"optimizer": type(self.optimizer).__name__, "steps": len(self.settings)}
        found |= {name: over_steps(name) for name in self.settings[0]} | {"losses": sorted(self.losses)}
        if not self.rows:
            return found
        sequence = np.concatenate(self.rows)
        # Each row comes once an epoch, or as often as it stands in the data.
        epochs = int(np.gcd.reduce(np.unique(sequence, return_counts=True)[1]))
        # The order in which the data lies is none.
        orders = {
            order.tobytes()
            for order in np.array_split(sequence, epochs)
            if not any(np.array_equal(order, rows[: len(order)]) for rows in data)
        }
        return found | {
            "batch_size": len(self.rows[0]),
            "rows": len(sequence) // epochs,
            "epochs": epochs,
            "orders": len(orders),
        }


class Watch:
    """Collects what a framework's hooks tell."""

    def __init__(self) -> None:
        self.trainings: dict[int, Training] = {}
        self.judged: set[int] = set()
        self.judged_as_in_training = 0
        self._data: list[np.ndarray] = []
        self._rows, self._losses, self._clip_norm = None, set(), None

    def data(self, x) -> None:
        """Data was handed over, in this order."""
        self._data.append(fingerprints(x))

    def of(self, optimizer) -> Training:
        return self.trainings.setdefault(id(optimizer), Training(optimizer))

    def forward(self, x) -> None:
        """A model was called, to be differentiated."""
        self._rows = fingerprints(x)

    def judge(self, x, as_in_training: bool = False) -> None:
        """A model was called for its answers; `as_in_training`: with dropout, or the statistics of the batch."""
        self.judged.update(fingerprints(x).tolist())
        self.judged_as_in_training += as_in_training

    def loss(self, name: str) -> None:
        self._losses.add(name)

    def clip(self, norm: float) -> None:
        self._clip_norm = norm

    def step(self, training: Training, settings: dict, factor: float = 1) -> None:
        clipped = {} if self._clip_norm is None else {"clip_norm": float(self._clip_norm)}
        training.settings.append(taken(settings) | clipped)
        training.losses |= {name if factor == 1 else f"{factor:g} times {name}" for name in self._losses}
        if self._rows is not None:
            training.rows.append(self._rows)
        self._rows, self._losses, self._clip_norm = None, set(), None

    def report(self) -> dict:
        trainings = [training for training in self.trainings.values() if training.settings]
        trained = {row for training in trainings for rows in training.rows for row in rows.tolist()}
        return {
            # Frameworks may make or use two optimisers in another order.
            "trainings": sorted((training.report(self._data) for training in trainings), key=json.dumps),
            "judged": len(self.judged),
            "judged_of_training": len(self.judged & trained),
            "judged_as_in_training": self.judged_as_in_training,
        }


def before(owner, name: str, hook: Callable, wrap: Callable = lambda function: function) -> None:
    """Let `hook` be called with the arguments of a function or method, each time before that is called itself."""
    function = getattr(owner, name)

    @functools.wraps(function)
    def watched(*arguments, **options):
        hook(*arguments, **options)
        return function(*arguments, **options)

    setattr(owner, name, wrap(watched))


# PyTorch --------------------------------------------------------------------------------------------------------------


def watch_torch(watch: Watch) -> Callable[[], None]:
    import torch
    from torch.nn import functional
    from torch.nn.modules import module as modules
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    depth = 0

    def enter(module, arguments):
        nonlocal depth
        depth += 1
        if depth > 1 or next(module.parameters(), None) is None:  # part of a model, or a loss
            return
        x = arguments[0].numpy(force=True)
        if torch.is_grad_enabled():
            watch.forward(x)
        else:
            kinds = (torch.nn.modules.dropout._DropoutNd, torch.nn.modules.batchnorm._BatchNorm)
            watch.judge(x, any(part.training for part in module.modules() if isinstance(part, kinds)))

    def leave(module, arguments, result):
        nonlocal depth
        depth -= 1

    modules.register_module_forward_pre_hook(enter)
    modules.register_module_forward_hook(leave, always_call=True)

    def loss(name, *arguments, reduction="mean", label_smoothing=0.0, ignore_index=-100, **options):
        if torch.is_grad_enabled():
            name += f", {IGNORED}" if ignore_index >= 0 else ""
            smoothing = f", smoothed by {label_smoothing:g}" if label_smoothing else ""
            watch.loss(("sum of " if reduction == "sum" else "") + name + smoothing)

    for name, told in {
        "cross_entropy": "cross-entropy from logits",
        "nll_loss": "cross-entropy from log-probabilities",
        "binary_cross_entropy_with_logits": "binary cross-entropy from logits",
        "binary_cross_entropy": "binary cross-entropy from probabilities",
        "mse_loss": "squared error",
    }.items():
        before(functional, name, functools.partial(loss, told))
    before(torch.utils.data.TensorDataset, "__init__", lambda _, x, *__: watch.data(x.numpy(force=True)))
    before(torch.nn.utils, "clip_grad_norm_", lambda parameters, max_norm, *_, **__: watch.clip(max_norm))

    def step(optimizer, *_):
        group = optimizer.param_groups[0]
        betas = dict(zip(("beta_1", "beta_2"), group.get("betas", ())))
        watch.step(watch.of(optimizer), group | betas)

    register_optimizer_step_pre_hook(step)
    return lambda: None


# MXNet ----------------------------------------------------------------------------------------------------------------


def watch_mxnet(watch: Watch) -> Callable[[], None]:
    from mxnet import autograd, gluon, nd

    depth, head_size = 0, 0  # calls of blocks that are under way; losses of which the last gradients are
    losses = {
        "SoftmaxCrossEntropyLoss": ("cross-entropy", "_from_logits", "logits", "log-probabilities"),
        "SigmoidBinaryCrossEntropyLoss": ("binary cross-entropy", "_from_sigmoid", "logits", "probabilities"),
    }

    def loss(block, logits, labels, weights=None):
        name = type(block).__name__
        if name in losses:
            told, attribute, usual, other = losses[name]
            told = f"{told} from {other if getattr(block, attribute) else usual}"
        else:  # L2Loss halves the square
            told = "squared error" if name == "L2Loss" and block._weight == 2 else f"{block._weight:g} {name}"
        if name == "SoftmaxCrossEntropyLoss" and not block._sparse_label:
            told += f", smoothed by {float(labels.min().asscalar()) * labels.shape[-1]:g}"
        watch.loss(told if weights is None else f"{told}, some targets counted as zero")

    def watched(call):
        def wrapper(block, *arguments):
            nonlocal depth
            depth += 1
            y = call(block, *arguments)
            depth -= 1
            if isinstance(block, gluon.loss.Loss):
                if autograd.is_recording():
                    loss(block, *arguments)
            elif depth == 0 and isinstance(arguments[0], nd.NDArray) and block.collect_params():
                x = arguments[0].asnumpy()
                watch.forward(x) if autograd.is_recording() else watch.judge(x, autograd.is_training())
            return y

        return wrapper

    for kind in (gluon.Block, gluon.HybridBlock):
        if "__call__" in vars(kind):
            kind.__call__ = watched(kind.__call__)

    def backward(head, *_, **__):
        nonlocal head_size
        head_size = head.size

    def written_out(*_, **__):
        if depth == 0 and autograd.is_recording():
            watch.loss("cross-entropy from logits")

    before(gluon.data.ArrayDataset, "__init__", lambda _, x, *__: watch.data(getattr(x, "asnumpy", lambda: x)()))
    before(nd, "log_softmax", written_out)
    before(nd.NDArray, "backward", backward)
    before(gluon.utils, "clip_global_norm", lambda arrays, max_norm, *_, **__: watch.clip(max_norm))
    step = gluon.Trainer.step

    def after_step(trainer, batch_size, *arguments, **options):
        step(trainer, batch_size, *arguments, **options)
        settings = vars(trainer._optimizer) | {"learning_rate": trainer.learning_rate}
        # The gradient of the sum of so many losses is divided by what `step` is given.
        watch.step(watch.of(trainer._optimizer), settings, head_size / batch_size)

    gluon.Trainer.step = after_step
    return lambda: None


# Keras and TensorFlow -------------------------------------------------------------------------------------------------


def watch_tensorflow(watch: Watch) -> Callable[[], None]:
    import keras
    import tensorflow as tf
    from keras.src.optimizers.base_optimizer import BaseOptimizer
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
    from tensorflow.python import pywrap_tfe

    optimizers, losses, fitted, by_batches = [], [], {}, []
    plain = tf.autograph.experimental.do_not_convert

    def logged(dataset, rows: list):
        """Return a dataset that tells which rows it gives."""

        def log(x):
            rows.append(fingerprints(x))
            return np.int64(0)

        def tell(*batch):
            with tf.control_dependencies([tf.numpy_function(log, [tf.nest.flatten(batch)[0]], tf.int64)]):
                batch = tf.nest.map_structure(tf.identity, batch)
            return batch if len(batch) > 1 else batch[0]

        return dataset.map(tell)

    def judge(model, x=None, *_, **__):
        watch.judge(np.asarray(first(x)))

    def first(x):
        return x[0] if isinstance(x, (list, tuple)) else x

    def fit(model, x, *_, **__):
        watch.data(first(x))
        fitted[id(model.optimizer)] = model
        pending.append(watch.of(model.optimizer).rows)

    def given(tensors, *_, **__):
        if isinstance(first(tensors), np.ndarray):
            watch.data(first(tensors))

    pending: list[list] = []
    dataset_of = ArrayDataAdapter.get_tf_dataset
    # The first that `fit` makes is of the rows to train on.
    ArrayDataAdapter.get_tf_dataset = lambda adapter: (
        logged(dataset_of(adapter), pending.pop()) if pending else dataset_of(adapter)
    )
    for name, hook in {"fit": fit, "predict": judge, "evaluate": judge}.items():
        before(keras.Model, name, hook)
    before(tf.data.Dataset, "from_tensor_slices", given, staticmethod)
    batch = tf.data.Dataset.batch

    def in_batches(dataset, *arguments, **options):
        by_batches.append([])
        return logged(batch(dataset, *arguments, **options), by_batches[-1])

    tf.data.Dataset.batch = in_batches
    before(BaseOptimizer, "__init__", lambda optimizer, *_, **__: optimizers.append(optimizer))
    before(keras.losses.Loss, "__init__", lambda loss, *_, **__: losses.append(loss))

    def elementwise(name):
        def told(*_, from_logits=False, **__):
            watch.loss(f"{name} from {'logits' if from_logits else 'probabilities'}")

        return told

    before(keras.ops, "binary_crossentropy", elementwise("binary cross-entropy"), plain)
    before(
        tf.nn,
        "sparse_softmax_cross_entropy_with_logits",
        lambda *_, **__: watch.loss("cross-entropy from logits"),
        plain,
    )

    def noisy(*_, training=True, **__):
        watch.judged_as_in_training += bool(training) and pywrap_tfe.TFE_Py_TapeSetIsEmpty()

    before(tf.nn, "dropout", noisy, plain)
    for kind in (keras.layers.Dropout, keras.layers.BatchNormalization):
        before(kind, "call", lambda layer, x, training=False, **__: noisy(training=training), plain)

    def told(loss) -> str:
        """Return what a loss of Keras is, by its settings."""
        loss = keras.losses.get(getattr(loss, "_user_loss", loss))  # as a model that was compiled has it
        settings = loss.get_config() if isinstance(loss, keras.losses.Loss) else {}
        name = getattr(loss, "__name__", type(loss).__name__)
        reduction = settings.get("reduction", "sum_over_batch_size").replace("sum_over_batch_size", "")
        reduction = reduction and f"{reduction} of "
        smoothing = f", smoothed by {settings['label_smoothing']:g}" if settings.get("label_smoothing") else ""
        if "crossentropy" in name.lower():
            binary = "binary " if "binary" in name.lower() else ""
            ignored = "" if settings.get("ignore_class") is None else f", {IGNORED}"
            source = "logits" if settings.get("from_logits") else "probabilities"
            return f"{reduction}{binary}cross-entropy from {source}{smoothing}{ignored}"
        return reduction + {"mean_squared_error": "squared error", "MeanSquaredError": "squared error"}.get(name, name)

    def settings_of(optimizer) -> list[dict]:
        config = optimizer.get_config()
        number, rate = int(optimizer.iterations), optimizer._learning_rate
        rates = [float(optimizer.learning_rate)] * number
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            every = tf.function(lambda: tf.map_fn(rate, tf.range(number, dtype="float32")))
            rates = every().numpy().tolist()
        clip = config.get("global_clipnorm")
        return [
            taken(config | {"learning_rate": rate}) | ({"clip_norm": float(clip)} if clip else {}) for rate in rates
        ]

    def finish() -> None:
        by_hand = []
        for optimizer in optimizers:
            # One that was read from a file, with its steps, trained elsewhere.
            if not optimizer.built or not int(optimizer.iterations) or (fitted and id(optimizer) not in fitted):
                continue
            training = watch.of(optimizer)
            training.settings = settings_of(optimizer)
            if id(optimizer) not in fitted:
                by_hand.append(training)
                training.losses = {told(loss) for loss in losses} or watch._losses
            elif (loss := fitted[id(optimizer)].loss) is not None:
                training.losses = {told(loss)}
            else:
                training.losses = watch._losses
        if len(by_hand) == len(by_batches) == 1:
            by_hand[0].rows = by_batches[0]

    return finish


def watch(packages: list[str]) -> Callable[[], dict]:
    """Watch the frameworks among some packages; return a function that says what was seen until it is called."""
    found = Watch()
    watchers = {"torch": watch_torch, "mxnet": watch_mxnet, "tensorflow": watch_tensorflow}
    finishing = [watchers[package](found) for package in packages if package in watchers]

    def report() -> dict:
        for finish in finishing:
            finish()
        return found.report()

    return report

# --8<-- [start:imports]
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn, rnn

from mnist_data import load_mnist

SEED = 0
EPOCHS = 24
BATCH_SIZE = 128
LEARNING_RATE = 3e-3
CLIP_NORM = 1.0
HIDDEN_SIZE = 64
CONTEXT = mx.gpu() if mx.context.num_gpus() else mx.cpu()
# --8<-- [end:imports]


# --8<-- [start:load]
def load():
    (images, labels), (test_images, test_labels) = load_mnist()
    images = images.astype("float32") / 255  # (60000, 28, 28): 28 time steps of 28 pixels
    test_images = test_images.astype("float32") / 255
    labels, test_labels = labels.astype("int64"), test_labels.astype("int64")
    held_out = len(labels) // 12  # 5000
    training = images[:-held_out], labels[:-held_out]
    validation = images[-held_out:], labels[-held_out:]
    return training, validation, (test_images, test_labels)
# --8<-- [end:load]


# --8<-- [start:model]
class Model(gluon.Block):
    def __init__(self):
        super().__init__()
        orthogonal = mx.init.Orthogonal(scale=1.0)  # Keras' default
        self.rnn = rnn.RNN(
            HIDDEN_SIZE, activation="tanh", layout="NTC", h2h_weight_initializer=orthogonal
        )
        self.output = nn.Dense(10)
        self.initialize(mx.init.Xavier(), ctx=CONTEXT)

    def forward(self, images):  # (N, 28, 28): N sequences, time steps, numbers in each
        states = self.rnn(images)  # (N, 28, 64): every hidden state
        return self.output(states[:, -1])  # (N, 10) logits
# --8<-- [end:model]


# --8<-- [start:train]
def train(model, training, validation) -> tuple[list[float], list[float]]:
    dataset = gluon.data.ArrayDataset(*training)
    batches = gluon.data.DataLoader(dataset, batch_size=BATCH_SIZE, shuffle=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    schedule = mx.lr_scheduler.CosineScheduler(EPOCHS * len(batches), base_lr=LEARNING_RATE)
    adam = mx.optimizer.Adam(LEARNING_RATE, lr_scheduler=schedule)
    parameters = model.collect_params()
    trainer = gluon.Trainer(parameters, adam)
    training_losses, validation_accuracies = [], []
    for epoch in range(1, EPOCHS + 1):
        total_loss = 0.0
        for rows, digits in batches:
            rows, digits = rows.as_in_context(CONTEXT), digits.as_in_context(CONTEXT)
            with autograd.record():
                loss = loss_function(model(rows), digits).mean()
            loss.backward()
            gradients = [parameter.grad() for parameter in parameters.values()]
            gluon.utils.clip_global_norm(gradients, CLIP_NORM, check_isfinite=False)
            trainer.step(1)  # the mean is taken already
            total_loss += loss
        training_losses.append(float(total_loss.asscalar()) / len(batches))
        right = predict(model, validation[0]).argmax(axis=1) == validation[1]
        validation_accuracies.append(float(right.mean()))
        print(
            f"epoch {epoch:2d}: training loss {training_losses[-1]:.4f}, "
            f"validation accuracy {validation_accuracies[-1]:.2%}"
        )
    return training_losses, validation_accuracies
# --8<-- [end:train]


# --8<-- [start:predict]
def predict(model, images) -> np.ndarray:
    return model(mx.nd.array(images, ctx=CONTEXT)).asnumpy()
# --8<-- [end:predict]


# --8<-- [start:cell]
def numpy_weights(model) -> list[np.ndarray]:
    layer, output = model.rnn, model.output
    kernels = layer.l0_i2h_weight, layer.l0_h2h_weight  # (64, 28), (64, 64)
    bias = layer.l0_i2h_bias.data() + layer.l0_h2h_bias.data()  # two that act as one, (64,)
    weights = [kernel.data().T for kernel in kernels]
    weights += [bias, output.weight.data().T, output.bias.data()]
    return [weight.asnumpy() for weight in weights]


def unroll(images, kernel, recurrent, bias) -> np.ndarray:
    state = np.zeros((len(images), HIDDEN_SIZE), dtype="float32")  # h_0 = 0
    states = []
    for row in images.transpose(1, 0, 2):  # 28 time steps of (N, 28)
        state = np.tanh(row @ kernel + state @ recurrent + bias)  # (N, 64)
        states.append(state)
    return np.stack(states, axis=1)  # (N, 28, 64)
# --8<-- [end:cell]


# --8<-- [start:draw]
def draw(training_losses, validation_accuracies, images, states, accuracy_by_row):
    epochs = range(1, EPOCHS + 1)
    _, (left, right) = plt.subplots(1, 2, num="learning_curve", clear=True, layout="tight")
    left.plot(epochs, training_losses, marker="o")
    left.set(xlabel="epoch", ylabel="training loss", xticks=range(0, EPOCHS + 1, 4))
    right.plot(epochs, validation_accuracies, marker="o")
    right.set(xlabel="epoch", ylabel="validation accuracy", xticks=range(0, EPOCHS + 1, 4))

    _, (left, right) = plt.subplots(
        1, 2, num="hidden_states", clear=True, width_ratios=(1, 2), layout="tight"
    )
    left.imshow(images[0], cmap="gray")
    left.set(ylabel="row = time step", xlabel="28 pixels")
    right.imshow(states[0], cmap="coolwarm", vmin=-1, vmax=1, aspect="auto")
    right.set(ylabel="time step", xlabel="64 numbers of the hidden state")

    _, axes = plt.subplots(num="accuracy_by_row", clear=True)
    axes.plot(range(1, 29), accuracy_by_row, marker="o")
    axes.axhline(0.1, color="gray", linestyle=":")  # guessing
    axes.set(xlabel="rows read", ylabel="test accuracy", ylim=(0, 1))
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    mx.random.seed(SEED)
    np.random.seed(SEED)
    training, validation, (test_images, test_labels) = load()
    model = Model()
    training_losses, validation_accuracies = train(model, training, validation)
    test_logits = predict(model, test_images)  # (N, 10)
    test_accuracy = float(np.mean(test_logits.argmax(axis=1) == test_labels))
    print(f"test accuracy: {test_accuracy:.2%}")

    *cell, output_kernel, output_bias = numpy_weights(model)
    states = unroll(test_images, *cell)
    logits_by_row = states @ output_kernel + output_bias  # (N, 28, 10)
    formula_difference = float(np.abs(logits_by_row[:, -1] - test_logits).max())
    print(f"layer against formula: {formula_difference:.0e}")
    right = logits_by_row.argmax(axis=2) == test_labels[:, np.newaxis]  # (N, 28)
    accuracy_by_row = right.mean(axis=0).tolist()
    for rows in (7, 14, 21, 28):
        print(f"accuracy after {rows:2d} rows: {accuracy_by_row[rows - 1]:.1%}")
    draw(training_losses, validation_accuracies, test_images, states, accuracy_by_row)
    plt.show()
# --8<-- [end:main]

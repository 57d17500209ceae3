# --8<-- [start:imports]
import numpy as np
import tensorflow as tf

from mlp_tensorflow import Model, evaluate, load, train

SEED = 0
EXAMPLES = 12_000  # a fifth of the training set
# --8<-- [end:imports]

# --8<-- [start:right]
tf.random.set_seed(SEED)
(images, labels), (test_images, test_labels) = load()
images, labels = images[:EXAMPLES], labels[:EXAMPLES]
model = Model()
train(model, images, labels)
right, _ = evaluate(model, test_images, test_labels)
# --8<-- [end:right]

# --8<-- [start:seen]
on_seen_images, _ = evaluate(model, images, labels)
# --8<-- [end:seen]

# --8<-- [start:dropout]
first, second = (tf.argmax(model(test_images, training=True), axis=1) for _ in range(2))
two_answers = float(np.mean(first != second))
# --8<-- [end:dropout]


# --8<-- [start:softmax]
class WithSoftmax(Model):
    def __call__(self, images, training=False):
        return tf.nn.softmax(super().__call__(images, training))


softmax_loss = train(WithSoftmax(), images, labels)[-1]
# --8<-- [end:softmax]

# --8<-- [start:scale]
unscaled = Model()
train(unscaled, images * 255, labels)
without_scaling, _ = evaluate(unscaled, test_images * 255, test_labels)
# --8<-- [end:scale]


# --8<-- [start:relu]
class Linear(Model):
    def __call__(self, images, training=False):
        x = self.hidden(tf.reshape(images, (-1, 784)))
        if training:
            x = tf.nn.dropout(x, rate=0.2)
        return self.output(x)


linear = Linear()
train(linear, images, labels)
without_relu, _ = evaluate(linear, test_images, test_labels)
# --8<-- [end:relu]

# --8<-- [start:report]
print(f"as it should be: {right:.2%}")
print(f"judged on the images it learned from: {on_seen_images:.2%}")
print(f"dropout left on: {two_answers:.2%} of the images get two answers")
print(f"softmax before the loss: training loss {softmax_loss:.4f}")
print(f"without scaling: {without_scaling:.2%}")
print(f"without ReLU: {without_relu:.2%}")
# --8<-- [end:report]

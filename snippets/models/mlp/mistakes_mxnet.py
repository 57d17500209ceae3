# --8<-- [start:imports]
import mxnet as mx
import numpy as np
from mxnet import autograd
from mxnet.gluon import nn

from mlp_mxnet import CONTEXT, build_model, evaluate, load, train

SEED = 0
EXAMPLES = 12_000  # a fifth of the training set
# --8<-- [end:imports]

# --8<-- [start:right]
mx.random.seed(SEED)
np.random.seed(SEED)
(images, labels), (test_images, test_labels) = load()
images, labels = images[:EXAMPLES], labels[:EXAMPLES]
model = build_model()
train(model, images, labels)
right, _ = evaluate(model, test_images, test_labels)
# --8<-- [end:right]

# --8<-- [start:seen]
on_seen_images, _ = evaluate(model, images, labels)
# --8<-- [end:seen]

# --8<-- [start:dropout]
with autograd.train_mode():
    first, second = (model(test_images.as_in_context(CONTEXT)).argmax(axis=1) for _ in range(2))
two_answers = float((first != second).mean().asscalar())
# --8<-- [end:dropout]

# --8<-- [start:softmax]
with_softmax = nn.HybridSequential()
with_softmax.add(build_model(), nn.HybridLambda("softmax"))
softmax_loss = train(with_softmax, images, labels)[-1]
# --8<-- [end:softmax]

# --8<-- [start:scale]
unscaled = build_model()
train(unscaled, images * 255, labels)
without_scaling, _ = evaluate(unscaled, test_images * 255, test_labels)
# --8<-- [end:scale]

# --8<-- [start:relu]
linear = nn.HybridSequential()
linear.add(nn.Flatten(), nn.Dense(128), nn.Dropout(0.2), nn.Dense(10))
linear.initialize(mx.init.Xavier(), ctx=CONTEXT)
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

# --8<-- [start:imports]
import mxnet as mx
from mxnet import autograd, gluon

from mlp_mxnet import BATCH_SIZE, CONTEXT, LEARNING_RATE, build_model, evaluate, load

SEED = 0
BATCHES = 100
# --8<-- [end:imports]


# --8<-- [start:loop]
def train(update: bool):
    mx.random.seed(SEED)  # the same weights at the start
    model = build_model()
    adam = mx.optimizer.Adam(learning_rate=LEARNING_RATE)
    trainer = gluon.Trainer(model.collect_params(), adam)
    losses = [judge(model)]
    for rows in mx.nd.random.randint(0, len(images), (BATCHES, BATCH_SIZE)):
        with autograd.record():
            logits = model(images.take(rows).as_in_context(CONTEXT))
            batch_losses = cross_entropy(logits, labels.take(rows).as_in_context(CONTEXT))
        batch_losses.backward()
        if update:
            trainer.step(BATCH_SIZE)
        losses.append(judge(model))
    return losses, evaluate(model, new_images, new_labels)[0]
# --8<-- [end:loop]


# --8<-- [start:judge]
cross_entropy = gluon.loss.SoftmaxCrossEntropyLoss()


def judge(model) -> float:
    logits = model(new_images.as_in_context(CONTEXT))
    return float(cross_entropy(logits, new_labels.as_in_context(CONTEXT)).mean().asscalar())
# --8<-- [end:judge]


# --8<-- [start:main]
(images, labels), _ = load()
new_images, new_labels = images[-1000:], labels[-1000:]  # not trained on here
images, labels = images[:-1000], labels[:-1000]
stuck_losses, stuck_accuracy = train(update=False)
falling_losses, falling_accuracy = train(update=True)
stuck_changes = sum(loss != stuck_losses[0] for loss in stuck_losses)
falling_changes = sum(loss != falling_losses[0] for loss in falling_losses)
start_loss, falling_loss = stuck_losses[0], falling_losses[-1]
print(f"at the start            loss {start_loss:.4f}")
print(f"100 batches, no update  loss {stuck_losses[-1]:.4f}  accuracy {stuck_accuracy:.2%}")
print(f"100 batches             loss {falling_loss:.4f}  accuracy {falling_accuracy:.2%}")
# --8<-- [end:main]

# --8<-- [start:imports]
import tensorflow as tf

from mlp_tensorflow import BATCH_SIZE, LEARNING_RATE, Model, evaluate, load

SEED = 0
BATCHES = 100
# --8<-- [end:imports]


# --8<-- [start:loop]
def train(update: bool):
    tf.random.set_seed(SEED)  # the same weights at the start
    model = Model()
    optimizer = tf.keras.optimizers.Adam(LEARNING_RATE)
    losses = [judge(model)]
    for rows in tf.random.uniform((BATCHES, BATCH_SIZE), 0, len(images), tf.int64):
        with tf.GradientTape() as tape:
            logits = model(tf.gather(images, rows), training=True)
            loss = cross_entropy(tf.gather(labels, rows), logits)
        gradients = tape.gradient(loss, model.trainable_variables)
        if update:
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        losses.append(judge(model))
    return losses, evaluate(model, new_images, new_labels)[0]
# --8<-- [end:loop]


# --8<-- [start:judge]
def cross_entropy(labels, logits):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def judge(model) -> float:
    return float(cross_entropy(new_labels, model(new_images)))
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

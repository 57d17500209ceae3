# --8<-- [start:imports]
import keras
import matplotlib.pyplot as plt
import numpy as np

from mnist_data import load_mnist

SEED = 0
keras.utils.set_random_seed(SEED)
# --8<-- [end:imports]

# --8<-- [start:load]
(train_images, train_labels), (test_images, test_labels) = load_mnist()
print("train_images", train_images.shape, train_images.dtype)
print("train_labels", train_labels.shape, train_labels.dtype)
print("test_images ", test_images.shape, test_images.dtype)
print("test_labels ", test_labels.shape, test_labels.dtype)
# --8<-- [end:load]

# --8<-- [start:look]
_, grid = plt.subplots(2, 10, num="twenty_digits", clear=True, figsize=(8, 2.2))
for axes, image, label in zip(grid.flat, train_images, train_labels):
    axes.imshow(image, cmap="gray")
    axes.set_title(label)
    axes.axis("off")
plt.show()
# --8<-- [end:look]

# --8<-- [start:pixels]
print(train_images[0, 4:14, 8:22])
print("darkest", train_images.min(), "brightest", train_images.max())
# --8<-- [end:pixels]

# --8<-- [start:count]
for digit, count in enumerate(np.bincount(train_labels)):
    print(f"{digit}: {count} images, {count / len(train_labels):.1%}")
# --8<-- [end:count]

# --8<-- [start:prepare]
x_train = train_images.reshape(-1, 28, 28, 1).astype("float32") / 255
x_test = test_images.reshape(-1, 28, 28, 1).astype("float32") / 255
print("before:", train_images.shape, train_images.dtype, "up to", train_images.max())
print("after: ", x_train.shape, x_train.dtype, "up to", x_train.max())
# --8<-- [end:prepare]

# --8<-- [start:model]
model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    keras.layers.Conv2D(16, kernel_size=3, activation="relu"),  # (N, 26, 26, 16)
    keras.layers.MaxPooling2D(2),  # (N, 13, 13, 16)
    keras.layers.Conv2D(32, kernel_size=3, activation="relu"),  # (N, 11, 11, 32)
    keras.layers.MaxPooling2D(2),  # (N, 5, 5, 32)
    keras.layers.Flatten(),  # (N, 800)
    keras.layers.Dense(128, activation="relu"),  # (N, 128)
    keras.layers.Dropout(0.25),
    keras.layers.Dense(10, activation="softmax"),  # (N, 10) probabilities
])
# --8<-- [end:model]

# --8<-- [start:summary]
model.summary(line_length=72, print_fn=print)
# --8<-- [end:summary]

# --8<-- [start:untrained]
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=2e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
untrained_loss, untrained_accuracy = model.evaluate(x_train[:6000], train_labels[:6000], verbose=0)
print(f"loss {untrained_loss:.3f}, accuracy {untrained_accuracy:.1%}")
print(f"loss of one who says 1/10 to everything: {np.log(10):.3f}")
# --8<-- [end:untrained]

# --8<-- [start:train]
history = model.fit(
    x_train, train_labels, batch_size=64, epochs=3, validation_split=0.1, verbose=2
)
# --8<-- [end:train]

# --8<-- [start:curves]
training_losses, validation_losses = history.history["loss"], history.history["val_loss"]
training_accuracies = history.history["accuracy"]
validation_accuracies = history.history["val_accuracy"]
epochs = range(1, len(training_losses) + 1)

_, (left, right) = plt.subplots(1, 2, num="curves", clear=True, figsize=(8, 3.2), layout="tight")
left.plot(epochs, training_losses, marker="o", label="training")
left.plot(epochs, validation_losses, marker="o", label="validation")
left.set(xlabel="epoch", ylabel="loss", xticks=epochs)
left.legend()
right.plot(epochs, training_accuracies, marker="o", label="training")
right.plot(epochs, validation_accuracies, marker="o", label="validation")
right.set(xlabel="epoch", ylabel="accuracy", xticks=epochs)
right.legend()
plt.show()
# --8<-- [end:curves]

# --8<-- [start:test]
probabilities = model.predict(x_test, batch_size=1000, verbose=0)  # (10000, 10)
predictions = probabilities.argmax(axis=1)  # (10000,)
test_accuracy = float(np.mean(predictions == test_labels))
print(f"test accuracy {test_accuracy:.2%}")
# --8<-- [end:test]

# --8<-- [start:predict]
image = x_test[0]  # (28, 28, 1)
ten = model.predict(image[np.newaxis], verbose=0)[0]  # a batch of one goes in
predicted_digit = int(ten.argmax())
for digit, probability in enumerate(ten):
    print(f"{digit}: {probability:.6f}")
print("sum of the ten:", f"{ten.sum():.4f}")
print("argmax:", predicted_digit, " true label:", test_labels[0])

_, (left, right) = plt.subplots(
    1, 2, num="one_prediction", clear=True, figsize=(7, 2.8), layout="tight"
)
left.imshow(image.squeeze(), cmap="gray")
left.axis("off")
right.bar(range(10), ten)
right.set(xlabel="digit", ylabel="probability", xticks=range(10), ylim=(0, 1))
plt.show()
# --8<-- [end:predict]

# --8<-- [start:confusion]
counts = np.zeros((10, 10), dtype=int)  # row: truth, column: prediction
np.add.at(counts, (test_labels, predictions), 1)

_, axes = plt.subplots(num="confusion", clear=True, figsize=(5.6, 5.6))
axes.imshow(np.sqrt(counts), cmap="Blues")  # without the root, 1 would look like 0
axes.set(xlabel="prediction", ylabel="truth", xticks=range(10), yticks=range(10))
for truth, prediction in np.argwhere(counts):
    color = "white" if truth == prediction else "black"
    count = counts[truth, prediction]
    axes.text(prediction, truth, count, ha="center", va="center", color=color)
plt.show()
# --8<-- [end:confusion]

# --8<-- [start:mistakes]
wrong = np.flatnonzero(predictions != test_labels)
mistakes = len(wrong)
surest = wrong[probabilities[wrong].max(axis=1).argsort()[::-1]]  # most confident first
print(mistakes, "mistakes")

_, grid = plt.subplots(2, 5, num="surest_mistakes", clear=True, figsize=(7.5, 3.6), layout="tight")
for axes, i in zip(grid.flat, surest):
    axes.imshow(test_images[i], cmap="gray")
    axes.set_title(f"{predictions[i]} ({probabilities[i].max():.0%}) ≠ {test_labels[i]}", size=10)
    axes.axis("off")
plt.show()
# --8<-- [end:mistakes]

# --8<-- [start:doubt]
doubtful = probabilities.max(axis=1).argsort()[:500]  # the 500 it is least sure of
caught_share = float(np.isin(wrong, doubtful).mean())
print(f"{caught_share:.0%} of the mistakes are among the 500 images it is least sure of")
# --8<-- [end:doubt]

# --8<-- [start:save]
model.save("digits.keras")
restored = keras.saving.load_model("digits.keras")
restored_probabilities = restored.predict(x_test, batch_size=1000, verbose=0)
reload_difference = float(np.abs(restored_probabilities - probabilities).max())
print(f"largest difference in {probabilities.size} probabilities: {reload_difference}")
# --8<-- [end:save]

# --8<-- [start:wrong_input]
held_out = len(x_train) // 10
x, y = x_train[-held_out:], train_labels[-held_out:]  # the validation images
variants = {
    "as prepared": x,
    "black on white": 1 - x,
    "rows for columns": x.transpose(0, 2, 1, 3),
    "0 to 255": x * 255,
}
variant_accuracies, variant_confidences = [], []
for name, images in variants.items():
    answers = restored.predict(images, batch_size=1000, verbose=0)
    variant_accuracies.append(float(np.mean(answers.argmax(axis=1) == y)))
    variant_confidences.append(float(answers.max(axis=1).mean()))
    print(f"{name:17} accuracy {variant_accuracies[-1]:6.1%}"
          f"  mean confidence {variant_confidences[-1]:6.1%}")
# --8<-- [end:wrong_input]

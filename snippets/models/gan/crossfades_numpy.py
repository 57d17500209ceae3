# --8<-- [start:imports]
import numpy as np

from mnist_data import load_mnist
from scoring_numpy import score, train_judge
# --8<-- [end:imports]


# --8<-- [start:crossfades]
(images, labels), (test_images, _) = load_mnist()
images, test_images = images / np.float32(255), test_images / np.float32(255)
judge = train_judge(images, labels)
pictures = test_images[:2001]
crossfades = (pictures[:-1] + pictures[1:]) / 2  # each with the next
fade_inception_score, fade_smallest_share, fade_distance = score(
    judge, crossfades, images[:10_000]
)
print(f"cross-fades  inception {fade_inception_score:.2f}  smallest {fade_smallest_share:.1%}", end="  ")
print(f"Frechet {fade_distance:.1f}")
# --8<-- [end:crossfades]


# --8<-- [start:shift]
moved = np.roll(test_images, 1, axis=2)  # one pixel to the right
shift_error = float(np.mean((moved - test_images) ** 2))
average_error = float(np.mean((images.mean(axis=0) - test_images) ** 2))
print(f"squared error of a shift by one pixel {shift_error:.3f}, of the average {average_error:.3f}")
# --8<-- [end:shift]

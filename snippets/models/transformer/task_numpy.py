# --8<-- [start:imports]
import re
import sys

import matplotlib.pyplot as plt
import numpy as np

SEED = 0
LARGEST = 999_999
CHARACTERS = "·<>0123456789零一二三四五六七八九十百千万两"
PAD, START, END = 0, 1, 2
NAMES = ["pad", "start", "end", *"0123456789"]  # for figures: digits, and how characters sound
NAMES += "ling yi er san si wu liu qi ba jiu shi bai qian wan liang".split()
DIGITS, WORDS = 6, 12  # the longest number; its name of 11 characters, and the end
# --8<-- [end:imports]


# --8<-- [start:level]
def name_level(number: int) -> str:  # 0 to 9999
    places = zip(f"{number:04}", ("千", "百", "十", ""))
    name = "".join("零一二三四五六七八九"[int(digit)] + unit * (digit > "0") for digit, unit in places)
    name = re.sub("零+", "零", name).rstrip("零")  # one 零 for each run of zeros, none at the end
    return name.replace("二千", "两千").replace("二百", "两百")
# --8<-- [end:level]


# --8<-- [start:name]
def name_number(number: int) -> str:  # 0 to 999,999
    high, low = divmod(number, 10_000)
    name = name_level(low)
    if high:
        name = ("两" if high == 2 else name_level(high)) + "万" + name
    name = name.lstrip("零")
    return re.sub("^一十", "十", name) or "零"
# --8<-- [end:name]


# --8<-- [start:tokens]
def encode(texts, length) -> np.ndarray:  # (N, length), filled up with PAD
    rows = [[CHARACTERS.index(character) for character in text] for text in texts]
    return np.array([row + [PAD] * (length - len(row)) for row in rows], dtype="int32")


def encode_pairs(numbers) -> tuple[np.ndarray, np.ndarray]:
    source = encode([str(number) for number in numbers], DIGITS)
    return source, encode([f"<{name_number(number)}>" for number in numbers], WORDS + 1)


def decode(tokens) -> str:  # without the start, up to the end
    text = "".join(CHARACTERS[token] for token in tokens)
    return text.removeprefix("<").partition(">")[0]


def printable(name) -> str:  # "?" for what the output cannot hold, as a file on Windows may not
    return name.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding)


def exact_share(written, target) -> float:  # how many names are right to the last character
    return float(np.mean([decode(ours) == decode(theirs) for ours, theirs in zip(written, target)]))
# --8<-- [end:tokens]


# --8<-- [start:numbers]
def draw_numbers(training, testing, generator) -> tuple[np.ndarray, np.ndarray]:
    test = generator.choice(LARGEST + 1, testing, replace=False)
    digits = generator.choice([3, 4, 5, 6, 6, 6], training)  # or short numbers would be too rare
    places = generator.integers(10, size=(training, DIGITS))
    places[generator.random(places.shape) < 0.2] = 0  # or runs of zeros would be too rare
    drawn = places @ 10 ** np.arange(DIGITS) % 10**digits
    return drawn[~np.isin(drawn, test)], test
# --8<-- [end:numbers]


# --8<-- [start:positions]
def encode_positions(length, size) -> np.ndarray:  # (T, D)
    angles = np.arange(length)[:, np.newaxis] / 10_000 ** (np.arange(0, size, 2) / size)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype("float32")
# --8<-- [end:positions]


# --8<-- [start:draw]
def draw_attention(source, target, shares):  # (S,), (T,), (T - 1, S)
    written = target[1:][target[1:] != PAD]
    _, axes = plt.subplots(num="attention", clear=True, figsize=(4, 5), layout="tight")
    axes.imshow(shares[: len(written)], cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="digits", ylabel="written next")
    axes.set_xticks(range(len(source)), [NAMES[token] for token in source])
    axes.set_yticks(range(len(written)), [NAMES[token] for token in written])
# --8<-- [end:draw]


# --8<-- [start:main]
if __name__ == "__main__":
    for number in (0, 10, 22, 110, 2002, 10_010, 20_000, 105_000, 120_000, 157_105, 222_222):
        print(f"{number:6} {printable(name_number(number))}")
    numbers, test_numbers = draw_numbers(10_000, 2000, np.random.default_rng(SEED))
    source, target = encode_pairs(numbers)
    print(len(source), "pairs, the first:", source[0], target[0])
    lengths = (target > 0).sum(axis=1) - 2
    print("characters of a name:", lengths.min(), "to", lengths.max())
    shared = int(np.isin(test_numbers, numbers).sum())
    print("test numbers in training:", shared)

    _, axes = plt.subplots(num="positions", clear=True, figsize=(7, 2.8), layout="tight")
    image = axes.imshow(encode_positions(WORDS, 64), cmap="RdBu", aspect="auto")
    axes.set(xlabel="dimension", ylabel="position")
    plt.colorbar(image)
    plt.show()
# --8<-- [end:main]

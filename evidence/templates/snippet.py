# --8<-- [start:imports]
import matplotlib.pyplot as plt
import numpy as np
# --8<-- [end:imports]


# --8<-- [start:square]
def square(x):
    return x**2
# --8<-- [end:square]


# --8<-- [start:numbers]
x = np.linspace(-2, 2, 41)
largest = square(x).max()
print(f"largest square: {largest:.1f}")
# --8<-- [end:numbers]

# --8<-- [start:plot]
figure, axes = plt.subplots(num="curve", clear=True)
axes.plot(x, square(x))
axes.set(xlabel="x", ylabel="square")
plt.show()
# --8<-- [end:plot]

# --8<-- [start:imports]
import torch
from torch.nn.functional import cross_entropy

from mlp_pytorch import BATCH_SIZE, DEVICE, LEARNING_RATE, build_model, evaluate, load

SEED = 0
BATCHES = 100
# --8<-- [end:imports]


# --8<-- [start:loop]
def train(update: bool):
    torch.manual_seed(SEED)  # the same weights at the start
    model = build_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    losses = [judge(model)]
    for rows in torch.randint(len(images), (BATCHES, BATCH_SIZE)):
        model.train()
        loss = cross_entropy(model(images[rows].to(DEVICE)), labels[rows].to(DEVICE))
        optimizer.zero_grad()
        loss.backward()
        if update:
            optimizer.step()
        losses.append(judge(model))
    return losses, evaluate(model, new_images, new_labels)[0]
# --8<-- [end:loop]


# --8<-- [start:judge]
@torch.inference_mode()
def judge(model) -> float:
    model.eval()
    return cross_entropy(model(new_images.to(DEVICE)), new_labels.to(DEVICE)).item()
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

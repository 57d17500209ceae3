"""A typed result is seen in whatever way it is written; sizes, years, versions and counts are left alone."""

import pytest

from tests.pages.prose import chinese_faults, typed_results

CODE = "BATCH_SIZE = 32\nx = images / 255  # (10000, 28, 28)\nnn.Dropout(0.2)\n"


@pytest.mark.parametrize(
    "text",
    [
        "测试准确率是 97.8%。",
        "测试准确率是 97.8 ％。",
        "测试准确率是９７％。",
        "准确率约97",
        "准确率达到 97",
        "达到了 98 的准确率",
        "准确率：97",
        "准确率（97）",
        "准确率是**97**",
        "准确率是 `97.8%`",
        "准确率是 `97`",
        "准确率是 $97.8\\%$",
        "准确率是 $0.978$",
        "准确率是 <b>97</b>.8<b>%</b>",
        "准确率是 97&percnt;",
        "准确率 $\\mathbf{97.8}$",
        "$\\text{accuracy} = 97$",
        "准确率 .978",
        "准确率 97点8",
        "四个框架都在 97 以上",
        "一百张里认对九十八张",
        "9,783 张对了",
        "9783/10000",
        "用时：24",
        "内存约 400 兆",
        "十几秒",
        "比它快两倍多",
        "Right 98 times out of 100.",
        "The speed-up is 12.",
        "It is faster by a factor of 12.",
        "准确率约百分之九十七",
        "准确率有九成七",
        "准确率有 9 成",
        "准确率到了九十七",
        "准确率是零点九七",
        "损失降到 0.05",
        "误差在 2e-6 以内",
        "训练要 24 秒",
        "训练要三分钟",
        "训练约 1.5 小时",
        "用了 412 MB 内存",
        "用了 412MB 内存",
        "−ELBO 降到 108 奈特",
        "比它快 12 倍",
        "比它快了十倍",
        "高出 2 个百分点",
        "高出两个百分点",
        "每秒处理 5000 张",
        "一万张里分错 223 张",
        "有 223 张认错了",
        "| 准确率 | 97 |",
        "时间（秒） 12",
        "Time (s) 12",
        "The test accuracy is 97.8 %.",
        "The test accuracy is 97.8 percent.",
        "The test accuracy is 97.",
        "An accuracy of 97 is reached.",
        "It is right on ninety-seven percent of the images.",
        "It has an accuracy of ninety-seven.",
        "The loss falls to 0.05.",
        "`accuracy: 97`",
        "`test_accuracy = 97`",
        "It trains in 24 s.",
        "It trains in 24s.",
        "It trains in three minutes.",
        "It trains in about two and a half hours.",
        "It needs 412 MiB.",
        "It runs 12 times faster.",
        "It runs 12x faster.",
        "It runs ten times faster.",
        "It reads 5,000 images per second.",
        "It is right on 9,780 of 10,000 images.",
        "It gets 97 out of 100 right.",
        "It misclassified 223 images.",
        "It gets 223 images wrong.",
        "The perplexity is 12.",
        "The accuracy is 97[^unknown].",
        "The accuracy is 97 ([see](other.md)).",
        "The accuracy is 97. Others say so[^lecun1998].",
    ],
)
def test_typed_results_are_seen(text):
    assert list(typed_results(text, CODE, ["lecun1998"]))


@pytest.mark.parametrize(
    "text",
    [
        "测试准确率 {{ mlp_*.test_accuracy }}，用时 {{ mlp_keras.seconds_cpu }}。",
        "28 × 28 像素展平为 784 个输入，经过 128 个神经元，得到 10 个 logit。",
        "准确率在 10,000 张测试图上计算，训练 5 轮，每批 32 张。",
        "损失要的标签是 32 位或 64 位整数。",
        "第 12 轮的损失更低。",
        "忘了它，步子就大了 32 倍；输入大了 255 倍。",
        "失活率 0.2，学习率 `1e-3`，损失约为 $\\ln 10 \\approx 2.303$。",
        "1986 年的论文给出了损失的梯度。",
        "原论文的错误率是 0.95%[^lecun1998]。",
        "官方示例在 8 轮后达到 99%（[Keras](https://keras.io/examples/)）。",
        "需要 Python 3.11，MXNet 1.9.1 是最后一个版本。",
        "一点一点地调，分成三份，一成不变，十个概率都是十分之一，过一会儿再看第一秒发生了什么。",
        "单精度的 32 位小数。",
        "训练的损失先陡后缓地下降，一轮里有 1,875 次更新。",
        "`Dropout(0.2)` 与 `x / 255`。",
        "向量 $x$ 有 784 个分量，$p = 1/5$，动量 $\\beta = 0.9$，$L = \\ln(1 + 9/e) \\approx 1.461$。",
        "梯度大了 32 倍，路程是两倍，最先答错的五张，几秒，几十张。",
        "A picture has 28 × 28 pixels, the loss is computed on 10,000 images.",
        "The accuracy after 5 epochs on the 10 digits, in batches of 32.",
        "The loss of a batch of 64 pictures, and the labels are integers of 32 or 64 bits.",
        "Gradients are 32 times too large, inputs 255 times.",
        "The pictures are read 5 times. Half of the neurons, one third of the weights, a second step, the third run.",
        "In the 1990s and since 1998 the error rate on MNIST has been reported.",
        "Their error rate is 0.95 %[^lecun1998].",
        "It needs Python 3.11, see section 3.2.",
        "Python 3.11.5 or later, but not 3.12.",
        "The first of 10 digits, one of them, in one folder.",
        '`print(f"{accuracy:.2%}")`',
    ],
)
def test_no_false_alarm(text):
    code = CODE + 'print(f"{accuracy:.2%}")\n'
    assert not list(typed_results(text, code, ["lecun1998"]))


@pytest.mark.parametrize(
    "text",
    [
        "用PyTorch训练",
        "用 PyTorch训练",
        "训练5 轮",
        "用`fit`训练",
        "用 $x$表示",
        "准确率{{ mlp_keras.test_accuracy }}。",
        "**PyTorch**训练",
        "[PyTorch](x.md)训练",
        "训练,然后评估",
        "训练(五轮)",
        "先训练: 再评估",
        "训练.",
        '叫"训练"',
        "训练 ，评估",
        "训练， 评估",
        "训练，\n评估",
        "训练 评估",
        "训练\n评估",
        "量得*更准*了",
        "量得 _更准_ 了",
    ],
)
def test_badly_set_chinese_is_seen(text):
    assert list(chinese_faults(text))


@pytest.mark.parametrize(
    "text",
    [
        "用 PyTorch 训练 5 轮，准确率 {{ mlp_keras.test_accuracy }}。",
        "`fit`：训练。`a`、`b` 和 $c$ 都要。",
        "**先要知道**：会写 Python 函数。",
        "**忘了除以 255。** 输入大了。",
        "多层感知机（multilayer perceptron，MLP）能做到“7 长什么样”。",
        "优化器是 Adam[^kingma2015]，见[证据](#证据)。",
        "[Keras](https://keras.io/api/)、[PyTorch](https://docs.pytorch.org/)。",
        "占 {{ x.y }}% 的时间，在 `mnist_data.py` 里。",
        "D. P. Kingma, J. Ba. *Adam: A Method*. ICLR 2015.",
        "打开 <http://127.0.0.1:8000/> 看。",
        "换行后接 Python\n也可以。",
        "量得**更准**了，`a * 乘 * b` 是 2 * 3，{{ vae_*.x }} 和 {{ gan_*.y }}。",
    ],
)
def test_well_set_chinese_passes(text):
    assert not list(chinese_faults(text))

"""Maps as TensorFlow computes them, in a process of its own: `RUN IMAGES.npy OUT.npz`."""

import sys

import numpy as np


def main(run_folder: str, images: str, out: str) -> None:
    import keras
    import tensorflow as tf

    network = keras.saving.load_model(f"{run_folder}/model.keras", compile=False)
    batch = tf.constant(np.load(images), tf.float32)
    heads = (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D)
    (wanted,) = [{"last": layer.input} for layer in network.layers if isinstance(layer, heads)]
    pooled = [one.output for one in network.layers if isinstance(one, keras.layers.MaxPooling2D)]
    if pooled:
        wanted["fine"] = pooled[0]
    dense = network.layers[-1]
    looking = keras.Model(network.input, [network.output, dense.input, *wanted.values()])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(batch)
        probabilities, features, *arrays = looking(batch, training=False)
        logits = features @ dense.kernel + dense.bias
        score = tf.gather(logits, tf.argmax(logits, axis=1), batch_dims=1)
    found = {"probabilities": probabilities.numpy(), "logits": logits.numpy()}
    for name, array in zip(wanted, arrays, strict=True):
        gradient = tape.gradient(score, array)
        if name == "last":
            gradient = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
        found[name] = tf.reduce_sum(gradient * array, axis=-1).numpy()
    np.savez(out, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])

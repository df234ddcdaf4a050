"""The usual way to train in Streamlit, to measure against: a thread inside the page's process.

Run with `streamlit run`. It writes the seconds of each epoch to the file named by `EPOCHS_FILE`.
"""

import json
import os
import threading
import time

import keras
import streamlit as st

from benchmarks.training import EPOCHS, build_network, load_images


class Noting(keras.callbacks.Callback):
    """Keeps when each epoch ended, and how far it is."""

    def __init__(self, state: dict) -> None:
        super().__init__()
        self.state = state

    def on_train_batch_end(self, batch, logs=None):
        self.state["batch"] = batch

    def on_epoch_end(self, epoch, logs=None):
        self.state["ends"].append(time.perf_counter())
        self.state["history"].append(logs["val_accuracy"])


def learn(state: dict) -> None:
    """Train, then write down when the epochs ended."""
    x, y, validation = load_images()
    network = build_network()
    network.fit(
        x,
        y,
        batch_size=128,
        epochs=EPOCHS,
        validation_data=validation,
        callbacks=[Noting(state)],
        verbose=0,
    )
    with open(os.environ["EPOCHS_FILE"], "w") as file:
        json.dump(state["ends"], file)


@st.cache_resource
def start() -> dict:
    state = {"batch": 0, "ends": [], "history": []}
    threading.Thread(target=learn, args=(state,), daemon=True).start()
    return state


@st.fragment(run_every=1.0)
def watch() -> None:
    state = start()
    st.progress(len(state["ends"]) / EPOCHS, f"batch {state['batch']}")
    st.line_chart(state["history"])


st.title("Train")
watch()
if st.button("Click"):
    st.session_state["clicks"] = st.session_state.get("clicks", 0) + 1
st.html(f'<div class="count">{st.session_state.get("clicks", 0)}</div>')

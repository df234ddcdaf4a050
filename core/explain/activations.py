"""Class activation maps of networks: which positions of a feature map speak for a class.

CAM: B. Zhou, A. Khosla, A. Lapedriza, A. Oliva & A. Torralba (2016), "Learning deep features for
discriminative localization". Grad-CAM: R. R. Selvaraju, M. Cogswell, A. Das, R. Vedantam, D. Parikh
& D. Batra (2017), "Grad-CAM: visual explanations from deep networks via gradient-based
localization". Where a network ends in global average pooling and one dense layer, the two are the
same. HiResCAM: R. L. Draelos & L. Carin (2020), "Use HiResCAM instead of Grad-CAM for faithful
explanations of convolutional neural networks".
"""

import threading
from functools import cached_property, lru_cache

import numpy as np

from core.errors import ModelError
from core.explain.backward import Backward, backward, scores_of
from core.explain.windows import POOLED, grid_of, placed
from core.serving import Graph, ManyFunction, Predictor, graph_of

_POOLED_HEAD = ("MEAN", "RESHAPE", "FULLY_CONNECTED")
_MOST_CELLS = 28  # of a side of the map that is taken position by position


class ActivationMaps:
    """A network as it is served, with the arrays that a class activation map is made of.

    Args:
        graph: of its file.

    Raises:
        ModelError: if it does not end in a softmax, or a rule for the way back is missing.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._lock = threading.Lock()
        self._watched: dict[int, tuple[Backward, ManyFunction]] = {}
        scores_of(self.graph)

    @cached_property
    def last_map(self) -> int:
        """The last feature map: what the head sees.

        Raises:
            ModelError: if none leads to the scores by operations that have a rule.
        """
        for one in reversed(self.graph.operations):
            shape = self.graph.shape(one.outputs[0])
            if len(shape) == 4 and max(shape[1:3]) > 1 and one.kind != "DEQUANTIZE":
                backward(self.graph, one.outputs[0])
                return one.outputs[0]
        raise ModelError("The network has no feature map.")

    @property
    def positions(self) -> tuple[int, int]:
        """Height and width of the last feature map."""
        return self.graph.shape(self.last_map)[1:3]

    @cached_property
    def fine_map(self) -> int:
        """The first pooled feature map of a network for small images.

        Raises:
            ModelError: if it has none, or it is not finer than the last map.
        """
        graph = self.graph
        for one in graph.operations:
            if one.kind in POOLED and max(graph.shape(one.outputs[0])[1:3]) <= _MOST_CELLS:
                tensor = one.outputs[0]
                backward(graph, tensor)
                if graph.shape(tensor)[1] > graph.shape(self.last_map)[1]:
                    return tensor
                break
        raise ModelError("The network has no pooled feature map finer than its last one.")

    @cached_property
    def is_pooled(self) -> bool:
        """Whether the last map's mean and one dense layer give the scores: then CAM is exact."""
        way = backward(self.graph, self.last_map).operations
        dense = [one for one in way if one.kind == "FULLY_CONNECTED"]
        plain = all(not getattr(one.options, "fusedActivationFunction", 0) for one in dense)
        kinds = {one.kind for one in way}
        return len(dense) == 1 and plain and "MEAN" in kinds and kinds <= set(_POOLED_HEAD)

    def cells(
        self, tensor: int, images: np.ndarray, classes: np.ndarray, by_position: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """What each position of a feature map adds to the score of a class.

        Args:
            tensor: number of the map.
            images: uint8, `(N, H, W, C)`, or one image for several classes.
            classes: int, `(N,)`.
            by_position: whether each position keeps its own gradient (HiResCAM); else it is
                averaged over the positions (Grad-CAM).

        Returns:
            float32 `(N, h, w)`, signed; and the probabilities, `(N, K)`, of the same pass.
        """
        way, watch = self._watching(tensor)
        probabilities, *arrays = watch(images)  # those of the served file
        values = dict(zip(way.needed, arrays, strict=True))
        chosen = np.eye(probabilities.shape[1], dtype=np.float32)[classes]
        gradient = way(values, chosen)
        if not by_position:
            gradient = gradient.mean(axis=(1, 2), keepdims=True)
        return (gradient * values[tensor]).sum(axis=-1), probabilities

    def _watching(self, tensor: int) -> tuple[Backward, ManyFunction]:
        with self._lock:
            if tensor not in self._watched:
                way = backward(self.graph, tensor)
                self._watched[tensor] = way, self.graph.watching(way.needed)
            return self._watched[tensor]

    def explain(self, tensor: int, image: np.ndarray, index: int, by_position: bool) -> np.ndarray:
        """The same for one image, as large as it: float32 `(H, W)`, signed."""
        cells, _ = self.cells(tensor, image[None], np.array([index]), by_position)
        return placed(cells[0], grid_of(self.graph, tensor), image.shape[:2])


def activation_maps_of(predictor: Predictor) -> ActivationMaps:
    """The network of a run; opened once, then shared.

    Raises:
        ModelError: if the run is served by something else, or in a process of its own.
        RunError: if its file was changed.
    """
    card = predictor.run.card
    if card.foreign is not None:
        raise ModelError(
            "The model was imported. It predicts in a process of its own, and is not looked into."
        )
    if card.family != "network":
        raise ModelError("The model is no network.")
    return _opened(graph_of(predictor.run))


_opened = lru_cache(maxsize=4)(ActivationMaps)

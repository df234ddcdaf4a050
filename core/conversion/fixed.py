"""A LiteRT model for one image at a time, as LiteRT's build for browsers needs it."""

from core.errors import ConversionError

_ANY = -1  # the size of a batch that is not fixed


def fixed_batch(content: bytes) -> bytes:
    """The content of a `.tflite` file, whose batches have one image, whatever they had before.

    Only the shape signatures are changed, which say what a shape may become; the shapes themselves
    are those of one image already, so weights and results stay as they are.

    Raises:
        ConversionError: if it is no such file.
    """
    from ai_edge_litert import schema_py_generated as schema

    changed = bytearray(content)
    try:
        if not schema.Model.ModelBufferHasIdentifier(changed, 0):
            raise ValueError("it has no identifier")
        model = schema.Model.GetRootAs(changed, 0)
        for number in range(model.SubgraphsLength()):
            graph = model.Subgraphs(number)
            for index in range(graph.TensorsLength()):
                tensor = graph.Tensors(index)
                signature = tensor.ShapeSignatureAsNumpy()
                if not tensor.ShapeSignatureIsNone() and len(signature):
                    signature[signature == _ANY] = 1
    except Exception as error:  # the reader of the format fails in many ways on other bytes
        raise ConversionError(f"The file is no LiteRT model: {error}.") from error
    return bytes(changed)

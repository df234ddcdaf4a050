import cv2
import pytest

from core.datasets import sample_images
from pages.components.shared import keys
from tests.pages.opening import fine, visit

PIXELS = cv2.cvtColor(255 - sample_images("mnist")[3][..., 0], cv2.COLOR_GRAY2BGR)
PHOTO = ("photo.jpg", cv2.imencode(".jpg", PIXELS)[1].tobytes(), "image/jpeg")


@pytest.mark.parametrize(
    ("page", "url", "other"),
    [
        ("recognise", {keys.SOURCE: "camera"}, "train"),
        ("image_lab", {keys.LAB_SOURCE: "camera"}, "recognise"),
    ],
)
@pytest.mark.slow
def test_a_photo_outlives_a_change_of_page_until_it_is_forgotten(page, url, other):
    app = visit(page, **url)
    app.camera_input[0].set_value(PHOTO)
    fine(app.run())
    assert [button for button in app.button if button.label == "Remove this photo"] == []
    fine(app.switch_page(f"{other}.py").run())
    app.switch_page(f"{page}.py")
    for name, value in url.items():
        app.query_params[name] = value
    fine(app.run())
    assert "You took this photo earlier" in " ".join(caption.value for caption in app.caption)
    next(button for button in app.button if button.label == "Remove this photo").click()
    fine(app.run())
    assert "You took this photo earlier" not in " ".join(caption.value for caption in app.caption)

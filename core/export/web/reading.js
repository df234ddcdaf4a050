// Images from files and from the camera, as the pixels of a canvas.

import { sizeRead } from "./planes.js";

const UNREADABLE =
  "This file could not be read as an image. PNG, JPEG, GIF, BMP and WebP work in every browser.";

/** The pixels of an image file, upright, with the colours that it stores. */
export async function readFile(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new Error(UNREADABLE);
  }
  return readSource(bitmap, bitmap.width, bitmap.height);
}

/** The pixels of what a canvas can draw; large images are reduced. */
export function readSource(source, width, height) {
  const [wide, tall] = sizeRead(width, height);
  const canvas = Object.assign(document.createElement("canvas"), { width: wide, height: tall });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, wide, tall);
  return context.getImageData(0, 0, wide, tall);
}

/** Ask for the camera and show it in a video; gives a function that ends it. */
export async function openCamera(video) {
  const wanted = { video: { facingMode: "environment", width: { ideal: 1280 } } };
  const stream = await navigator.mediaDevices.getUserMedia(wanted);
  video.srcObject = stream;
  await video.play();
  return () => stream.getTracks().forEach((track) => track.stop());
}

"""Makes the golden files of this folder with Pillow 11.3 and NumPy 2: python3 make.py

resize.txt   one case a line: width height new_width new_height, then the new pixels (mode L, BILINEAR;
             Pillow 13.0 goes down before across for some shapes, which moves a pixel by a level)
modes.txt    one picture a line: file, width, height, then its pixels as Pillow gives them for convert("L")
*.jpg *.png *.tif *.gif *.webp *.bmp *.pgm *.ppm   the pictures of modes.txt, one a mode, depth or orientation
"""

import io
import numpy as np
from PIL import Image, ImageOps


def pattern(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return ((x * 37 + y * y * 11 + x * y * 5) % 256).astype(np.uint8)


def numbers(array):
    return " ".join(str(v) for v in np.asarray(array).ravel())


cases = [(8, 8, 16, 16), (7, 5, 16, 11), (20, 16, 8, 6), (33, 21, 16, 16), (10, 20, 16, 8), (1, 1, 5, 3), (64, 48, 13, 7)]
with open("resize.txt", "w") as out:
    for w, h, nw, nh in cases:
        small = Image.fromarray(pattern(w, h)).resize((nw, nh), Image.BILINEAR)
        print(w, h, nw, nh, numbers(small), file=out)

# Smooth colours, so that JPEG's losses stay small.
W, H = 24, 16
y, x = np.mgrid[0:H, 0:W].astype(float)
rgb = np.stack([40 + 8 * x, 200 - 10 * y, 60 + 3 * x + 5 * y], axis=-1).astype(np.uint8)
colour = Image.fromarray(rgb)
gray = colour.convert("L")
alpha = np.concatenate([rgb, ((x * 10) % 256)[..., None].astype(np.uint8)], axis=-1)
sixteen = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)

exif = Image.Exif()
exif[0x0112] = 6  # turn right to see it upright

pictures = {
    "colour.jpg": (colour, dict(quality=95, subsampling=0)),
    "colour-420.jpg": (colour, dict(quality=95, subsampling=2)),
    "progressive.jpg": (colour, dict(quality=95, progressive=True)),
    "gray.jpg": (gray, dict(quality=95)),
    "cmyk.jpg": (colour.convert("CMYK"), dict(quality=95)),
    "turned.jpg": (colour, dict(quality=95, exif=exif)),
    "colour.png": (colour, {}),
    "gray.png": (gray, {}),
    "palette.png": (colour.quantize(64), {}),
    "sixteen.png": (sixteen, {}),
    "bilevel.png": (gray.convert("1"), {}),
    "alpha.png": (Image.fromarray(alpha), {}),
    "colour.bmp": (colour, {}),
    "colour.tif": (colour, {}),
    "lzw.tif": (colour, dict(compression="tiff_lzw")),
    "colour.gif": (colour, {}),
    "lossless.webp": (colour, dict(lossless=True)),
    "colour.webp": (colour, dict(quality=95)),
    "colour.ppm": (colour, {}),
    "gray.pgm": (gray, {}),
    "gray-alpha.png": (Image.fromarray(np.stack([np.asarray(gray), alpha[..., 3]], axis=-1)), {}),
    "two-bits.png": (gray.quantize(4), dict(bits=2)),
    "four-bits.png": (colour.quantize(16), dict(bits=4)),
    "palette-alpha.png": (colour.quantize(64), dict(transparency=5)),
    "one-colour-clear.png": (colour, dict(transparency=tuple(int(v) for v in rgb[3, 4]))),
    "fax.tif": (gray.convert("1"), dict(compression="group4")),
    "sixteen.tif": (sixteen, {}),
    "cmyk.tif": (colour.convert("CMYK"), {}),
    "alpha.tif": (Image.fromarray(alpha), {}),
    "deflate.tif": (colour, dict(compression="tiff_adobe_deflate")),
    "alpha.webp": (Image.fromarray(alpha), dict(lossless=True)),
    "bilevel.bmp": (gray.convert("1"), {}),
    "palette.bmp": (colour.quantize(64), {}),
    "bilevel.pbm": (gray.convert("1"), {}),
    "animated.gif": (colour, dict(save_all=True, append_images=[colour.rotate(180)])),
    "turned.png": (colour, dict(exif=exif)),
    "turned.webp": (colour, dict(exif=exif, lossless=True)),
    "turned.tif": (colour, dict(tiffinfo={0x0112: 6})),
}
for orientation in [2, 3, 4, 5, 7, 8]:
    turned = Image.Exif()
    turned[0x0112] = orientation
    pictures[f"turned-{orientation}.jpg"] = (colour, dict(quality=95, subsampling=0, exif=turned))
# No encoder here writes YCCK: the marker of a CMYK file is told to say so, and Pillow says what that means.
pictures["ycck.jpg"] = pictures["cmyk.jpg"]


def as_ycck(name):
    data = bytearray(open(name, "rb").read())
    data[data.index(b"Adobe") + 11] = 2
    open(name, "wb").write(data)


with open("modes.txt", "w") as out:
    for name, (picture, options) in pictures.items():
        picture.save(name, **options)
        if name == "ycck.jpg":
            as_ycck(name)
        read = ImageOps.exif_transpose(Image.open(name))
        if read.mode.startswith("I;16") or read.mode == "I":
            level = np.round(np.asarray(read) / 257).astype(np.uint8)
        elif read.mode in ("RGBA", "LA") or "transparency" in read.info:
            read = read.convert("RGBA")
            white = Image.new("RGBA", read.size, "white")
            level = np.asarray(Image.alpha_composite(white, read).convert("RGB").convert("L"))
        else:
            level = np.asarray(read.convert("RGB").convert("L"))
        print(name, level.shape[1], level.shape[0], numbers(level), file=out)

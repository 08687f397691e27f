"""A car seen from behind, with a plate: drawn, so that it shows no real plate and needs no licence."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (960, 640)
PLATE_TEXT = "PG 8471"


def drawn_plate() -> Image.Image:
    """960x640 RGB, always the same."""
    image = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(image)
    for y in range(SIZE[1]):  # sky above, road below
        shade = 205 - y // 8 if y < 300 else 96 - (y - 300) // 12
        draw.line([(0, y), (SIZE[0], y)], fill=(shade, shade + 6, shade + 14))
    draw.polygon([(250, 300), (320, 150), (640, 150), (710, 300)], fill=(58, 74, 98))  # cabin
    draw.polygon([(285, 290), (340, 172), (620, 172), (675, 290)], fill=(150, 172, 188))  # rear window
    draw.rounded_rectangle([200, 285, 760, 500], radius=36, fill=(66, 86, 116))  # body
    draw.rounded_rectangle([215, 455, 745, 515], radius=18, fill=(40, 46, 54))  # bumper
    for x in (222, 658):  # lamps
        draw.rounded_rectangle([x, 320, x + 80, 372], radius=12, fill=(176, 38, 34))
    for x in (245, 625):  # wheels
        draw.rounded_rectangle([x, 500, x + 90, 560], radius=20, fill=(22, 24, 27))
    image = image.filter(ImageFilter.GaussianBlur(1.2))
    _plate(ImageDraw.Draw(image))
    return image.filter(ImageFilter.GaussianBlur(0.6))


def _plate(draw: ImageDraw.ImageDraw) -> None:
    draw.rounded_rectangle(
        [375, 385, 585, 435], radius=5, fill=(240, 240, 234), outline=(20, 20, 20), width=2
    )
    draw.rectangle([378, 388, 396, 432], fill=(30, 66, 150))
    draw.text((490, 410), PLATE_TEXT, fill=(18, 18, 22), font=ImageFont.load_default(38), anchor="mm")

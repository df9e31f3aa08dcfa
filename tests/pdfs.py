"""Small PDFs for the tests: lines of text at given places, pictures, a password."""

from collections.abc import Sequence

Text = tuple[float, float, float, str]  # x, y, size, words
WIDTH, HEIGHT = 595, 842
PICTURE = b"q 200 0 0 200 100 300 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI Q"


def pdf(pages: Sequence[Sequence[Text] | bytes], locked: bool = False) -> bytes:
    """A PDF with a page for each item: its texts, or a content stream as bytes. locked: only a password opens it."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>",
    ]
    for number, page in enumerate(pages):
        stream = page if isinstance(page, bytes) else b"\n".join(_shown(*text) for text in page)
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Contents {5 + 2 * number} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>".encode()
        )
        objects.append(b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream))
    return _file(objects, locked)


def _shown(x: float, y: float, size: float, words: str) -> bytes:
    escaped = words.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return f"BT /F1 {size} Tf {x} {y} Td (".encode() + escaped + b") Tj ET"


def _file(objects: Sequence[bytes], locked: bool) -> bytes:
    made = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    word = b"<" + b"41" * 32 + b">"
    lock = b"/Encrypt<</Filter/Standard/V 1/R 2/O%s/U%s/P -4>>/ID[%s%s]" % (word, word, word, word) if locked else b""
    return made + b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, lock, table)


def column(lines: Sequence[str], x: float = 50, top: float = 780, pitch: float = 12, size: float = 10) -> list[Text]:
    """Lines one under the other; "" leaves a line out."""
    return [(x, top - number * pitch, size, line) for number, line in enumerate(lines) if line]

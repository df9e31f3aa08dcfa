"""How fast texts become vectors, beside what else does it, and vectors become suggestions.

    python -m benchmarks.speed [--quick]

Writes the tables of docs/speed.md, each between two marks, unless it is quick. Run it with nothing else running, as it
tells elapsed time; processor time stands beside it, but threads of other libraries wait by turning, which counts too.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from models import encoder
from models.evidence import Floats

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "speed.md"
SPOKEN = re.compile(r"^[A-Z][\w .'-]{1,40}: ")
TURNS, TEXTS = 5, 2000
SIZES = (256, 512, 1024, 2048, 4096)  # rows of a product that is measured
CODING = [(n, codes, decisions) for n in (10_000, 100_000) for codes in (3, 50) for decisions in (500, 5000)]
OURS = ("Themis, bf16", "Themis, fp32")
FIRST = {
    "Themis": "from models import encoder; encoder.load().encode(['one'])",
    "SentenceTransformer": "from sentence_transformers import SentenceTransformer as S; S({!r}).encode(['one'])",
}
Row = Sequence[object]


def texts(data: Path, count: int) -> list[str]:
    """Half one-line survey comments, half paragraphs of the inquiry, each once, drawn with a fixed seed."""
    comments = {json.loads(line)["text"] for line in (data / "nhs_px_fft/items.jsonl").open(encoding="utf-8")}
    paragraphs = set()
    with tarfile.open(data / "post_office_inquiry.tar.xz") as archive:
        for at, member in enumerate(archive):
            if member.isfile() and at % 12 == 0:
                content = archive.extractfile(member).read().decode()
                paragraphs |= {SPOKEN.sub("", part.strip()) for part in content.split("\n\n") if len(part) > 20}
    drawn = random.Random(1)
    half = count // 2
    return drawn.sample(sorted(comments), half) + drawn.sample(sorted(paragraphs), count - half)


def timed(work: Callable[[], object]) -> tuple[float, float, object]:
    """Seconds elapsed, seconds of the processor, and what was made."""
    begun, used = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - begun, time.process_time() - used, found


def ours(precision: str) -> encoder.Encoder:
    found = encoder.load()
    found.precision = precision
    return found


def encoding(given: list[str], turns: int) -> tuple[list[Row], dict[str, float]]:
    """Each encoder on the same texts, in turns; and the processor's seconds of ours."""
    from benchmarks.backends import backends

    own = {name: ours(name.split()[-1]).encode for name in OURS}
    if encoder.load().precision != "bf16":
        own.pop(OURS[0])
    ways = backends(encoder.load().folder) | own | {"Themis, fast": encoder.load("fast").encode}
    elapsed: dict[str, list[float]] = {name: [] for name in ways}
    used: dict[str, list[float]] = {name: [] for name in ways}
    vectors: dict[str, Floats] = {}
    for encode in ways.values():
        encode(given[:64])
    for _ in range(turns):
        for name, encode in ways.items():
            wall, processor, vectors[name] = timed(lambda: encode(given))  # noqa: B023 - called at once
            elapsed[name].append(wall)
            used[name].append(processor)
    reference = next(iter(ways))
    rows = []
    for name in sorted(ways, key=lambda name: statistics.median(elapsed[name])):
        taken = statistics.median(elapsed[name])
        times = [theirs / mine for theirs, mine in zip(elapsed[reference], elapsed[name], strict=True)]
        alike = (vectors[name] * vectors[reference]).sum(axis=1) / np.linalg.norm(vectors[name], axis=1)
        rows.append(
            (
                name,
                f"{len(given) / taken:,.0f}",
                f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})",
                f"{1000 * statistics.median(used[name]) / len(given):.2f}",
                f"{min(1.0, alike.min()):.5f}",
            )
        )
    return rows, {name: min(used[name]) for name in own}


def roofline(given: list[str], used: dict[str, float], seconds: float) -> list[Row]:
    """Peak of the products of the model's own shapes, and how much of it ours reaches, by the processor's time."""
    rows = []
    for name, spent in used.items():
        model = ours(name.split()[-1])._model
        lengths = np.array([len(ids) for ids in model.tokens(given)])
        width, wide, layers = model.width, model._layers[0].wide.bias.shape[0], len(model._layers)
        products = 2 * layers * (4 * width**2 + 2 * width * wide) * lengths.sum()
        attention = 4 * layers * width * (lengths.astype(float) ** 2).sum()
        work = (products + attention) / 1e9
        peak = max(_peak(model._layers[0], size, seconds) for size in SIZES)
        rows.append(
            (
                name,
                f"{1000 * work / lengths.sum():.1f}",
                f"{peak:,.0f}",
                f"{work / spent:,.0f}",
                f"{work / spent / peak:.0%}",
            )
        )
    return rows


def _peak(layer, size: int, seconds: float) -> float:
    """GFLOP a second of one core, all cores busy: the best of the layer's four products."""
    import torch

    def busy(product) -> tuple[int, float]:
        torch.set_num_threads(1)
        with torch.inference_mode():
            given = torch.randn(size, product.weight.shape[1], dtype=product.bias.dtype)
            product(given)
            count, begun = 0, time.thread_time()
            while time.thread_time() - begun < seconds:
                product(given)
                count += 1
            return count, time.thread_time() - begun

    best = 0.0
    for product in (layer.asked, layer.told, layer.wide, layer.narrow):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(busy, [product] * (os.cpu_count() or 1)))
        work = 2 * size * product.weight.shape[1] * product.bias.shape[0] / 1e9
        best = max(best, work * sum(count for count, _ in found) / sum(spent for _, spent in found))
    return best


def starting(turns: int) -> list[Row]:
    """Seconds from nothing to the vector of the first text, in a process of its own."""
    rows = []
    for name, code in FIRST.items():
        line = code.format(str(encoder.load().folder))
        taken = [
            timed(lambda: subprocess.run([sys.executable, "-c", line], cwd=ROOT, check=True, capture_output=True))[0]  # noqa: B023
            for _ in range(turns)
        ]
        rows.append((name, f"{statistics.median(taken):.1f}"))
    return rows


def coding(sizes: Sequence[tuple[int, int, int]]) -> list[Row]:
    """Learning and suggesting, each size in a process of its own."""
    rows = []
    for passages, codes, decisions in sizes:
        line = [sys.executable, "-m", "benchmarks.speed_coding", *map(str, (passages, codes, decisions))]
        done = subprocess.run(line, cwd=ROOT, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        seconds = [f"{found[step]:.1f}" for step in ("read", "learn", "fetch", "score")]
        total = f"**{found['learn'] + found['fetch'] + found['score'] + found['read']:.1f}**"
        rows.append(
            (f"{passages:,}", codes, f"{decisions:,}", *seconds, total, f"{found['before']}", f"{found['peak']}")
        )
    return rows


def table(heads: str, rows: Sequence[Row]) -> str:
    lines = [heads, "|" + "---|" * (heads.count("|") - 1)]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def written(page: Path, tables: dict[str, str]) -> None:
    """Put each table between its marks."""
    text = page.read_text(encoding="utf-8")
    for name, lines in tables.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text, count = marked.subn(lambda match: f"{match[1]}{lines}\n{match[2]}", text)  # noqa: B023 - called at once
        if count != 1:
            raise SystemExit(f"{page} has no one place for the table {name}")
    page.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--quick", action="store_true", help="fewer texts and turns, under two minutes; writes nothing")
    asked = parser.parse_args()
    given = texts(asked.data, 400 if asked.quick else TEXTS)
    rows, used = encoding(given, 1 if asked.quick else TURNS)
    tables = {
        "encoding": table(
            "| encoder | texts a second | times the reference (least to most) | processor ms a text | least cosine |",
            rows,
        ),
        "roofline": table(
            "| encoder | MFLOP a token | peak GFLOP/s of a core | reached | share |",
            roofline(given, used, 0.1 if asked.quick else 0.5),
        ),
        "starting": table("| first vector of a process | seconds |", starting(1 if asked.quick else 3)),
        "coding": table(
            "| passages | codes | decisions | read | learn | fetch | score | seconds in all | MB before | MB at most |",
            coding([size for size in CODING if size[0] == 10_000] if asked.quick else CODING),
        ),
    }
    print("\n\n".join(f"{name}\n{lines}" for name, lines in tables.items()))
    if not asked.quick:
        written(PAGE, tables)


if __name__ == "__main__":
    main()

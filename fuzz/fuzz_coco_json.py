"""Fuzz the reader of COCO panoptic JSON: mutate seeds, and let nothing but FormatError come out.

python -m fuzz.fuzz_coco_json [-runs=N] [-seed=N] [-max_len=N] [-out=FOLDER] SEEDS...

An execution decodes one input as ground truth, as predictions and as `read` does, makes columns of
what is taken, and compares them with what Python's json reads of it. Inputs whose outcome is new
(what is taken, or the words of the error without its numbers) join the seeds. FOLDER/failure always
holds the input of the moment, so that it is there whatever ends the run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import panfuse as pf
from panfuse.formats.coco import Annotations, records

DECODERS = {
    "ground truth": records.GROUND_TRUTH,
    "predictions": records.PREDICTIONS,
    "pixels": records.PIXELS,
}
# A string, a number or name, or one other character; white space goes.
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[-+.\w]+|\S', re.DOTALL)
NAMES = (
    "annotations categories images image_id file_name segments_info id category_id iscrowd area "
    "score bbox isthing name supercategory color"
)
NUMBERS = "0 -0 1 -1 1.0 0.5 1e2 1E+999 -1e-999 01 1. - NaN -Infinity"
WORDS = r'null true false tru {} [] [0] {"":0} "" "12" "é" "\u0000" "\ud83d\ude00" "\ud800" "\x"'
POWERS = [2**bits for bits in (8, 31, 32, 53, 63, 64, 127)]
BYTES = [b'"\xff"', b'"\xed\xa0\x80"', b'"\n"', b"9" * 400, b"-" + b"9" * 400, b"." + b"3" * 400]
VALUES = [f'"{name}"'.encode() for name in NAMES.split()]
VALUES += [word.encode() for word in (NUMBERS + " " + WORDS).split()] + BYTES
VALUES += [b"%d" % (power + step) for power in POWERS for step in (-1, 0)]
VALUES += [b"%d" % (step - power) for power in POWERS for step in (-1, 0)]
OTHERS = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\0", b"\xef\xbb\xbf", b" \t\r\n"]
OTHERS += [b"[" * 600 + b"]" * 600]
DEEP = [b"[" * 1500, b'{"a":' * 1500]


def mutate_tokens(tokens: list[bytes], other: list[bytes], rng: random.Random) -> list[bytes]:
    """Replace, remove, repeat, swap or add tokens, or take some of another input."""
    at = rng.randrange(len(tokens))
    kind = rng.randrange(12)
    if kind < 7:  # a value stays a value, and a name a string
        places = [at for at, token in enumerate(tokens) if token[0] not in b"{}[]:,"] or [at]
        at = rng.choice(places)
        return [*tokens[:at], rng.choice(VALUES), *tokens[at + 1 :]]
    end = min(at + rng.choice((1, 4, 4, 12)), len(tokens))  # a member with its comma is four
    if kind == 7:
        record = tokens[at] in (b"{", b"[")
        end = at + closing(tokens[at:]) if record else end
        return [*tokens[:end], *([b","] if record else []), *tokens[at:]]
    if kind == 8:
        return [*tokens[:at], *tokens[end:]]
    if kind == 9:
        start = rng.randrange(len(other))
        return [*tokens[:at], *other[start : start + end - at], *tokens[end:]]
    if kind == 10:
        to = rng.randrange(len(tokens))
        swapped = tokens.copy()
        swapped[at], swapped[to] = tokens[to], tokens[at]
        return swapped
    added = rng.choice(DEEP if rng.randrange(50) == 0 else OTHERS)
    return [*tokens[:at], added, *tokens[at:]]


def closing(tokens: list[bytes]) -> int:
    """Count the tokens of the list or object that starts here."""
    depth = 0
    for count, token in enumerate(tokens, 1):
        depth += (token in (b"{", b"[")) - (token in (b"}", b"]"))
        if depth == 0:
            return count
    return len(tokens)


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Cut, remove, add or flip."""
    at = rng.randrange(len(data) + 1)
    kind = rng.randrange(5)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + data[at + 1 + rng.randrange(8) :]
    if kind == 2:
        return data[:at] + rng.randbytes(1 + rng.randrange(3)) + data[at:]
    changed = bytes([data[at] ^ (1 << rng.randrange(8))]) if at < len(data) else b""
    return data[:at] + changed + data[at + 1 :]


def mutate(tokens: list[bytes], other: list[bytes], rng: random.Random) -> bytes:
    """Change a few tokens, or else a few bytes."""
    few = rng.choice((1, 1, 1, 2, 4))
    if rng.randrange(8):
        for _ in range(few):
            tokens = mutate_tokens(tokens, other, rng) or [b"{"]
        return b"".join(tokens)
    data = b"".join(tokens)
    for _ in range(few):
        data = mutate_bytes(data, rng)
    return data


def expected_columns(content: Any, ground_truth: bool) -> tuple[list[Any], ...]:
    """Make the columns of what Python's json reads of an input that is sound."""
    infos = [info for image in content["annotations"] for info in image["segments_info"]]
    crowds = [ground_truth and info["iscrowd"] == 1 for info in infos]
    return [info["id"] for info in infos], [info["category_id"] for info in infos], crowds


def read_json(data: bytes) -> Any:
    """Parse as Python does; None where that refuses (very long numbers in fields not looked at)."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def execute(data: bytes) -> tuple[str, ...]:
    """Decode an input in every way; return what came of it."""
    outcomes = []
    content: Any = ...
    for name, decoder in DECODERS.items():
        try:
            images, categories = records.parse(data, "<fuzz>", decoder)
        except pf.FormatError as error:
            message = str(error)
            assert message.startswith("<fuzz>: "), message
            outcomes.append(re.sub(r"'.*'|(image|segment|category) [^:,]*|\d+", "", message))
            continue
        outcomes.append(f"{len(images)} images, {categories!r}")
        if name == "pixels":
            continue
        columns = Annotations(Path("fuzz"), images, categories, name == "predictions").columns()
        content = read_json(data) if content is ... else content
        if content is not None:
            taken = tuple(
                column.tolist() for column in (columns.ids, columns.category_ids, columns.is_crowd)
            )
            assert taken == expected_columns(content, name == "ground truth")
    return tuple(outcomes)


def load(places: list[Path]) -> list[bytes]:
    """Read files, and those in folders."""
    folders = [sorted(place.iterdir()) if place.is_dir() else [place] for place in places]
    return [file.read_bytes() for files in folders for file in files]


def main() -> None:
    """Run; an exception or a sanitizer's report ends it."""
    parser = argparse.ArgumentParser(prefix_chars="-")
    parser.add_argument("-runs", type=int, default=100_000)
    parser.add_argument("-seed", type=int, default=0)
    parser.add_argument("-max_len", type=int, default=4096)
    parser.add_argument("-out", type=Path, default=Path("."))
    parser.add_argument("seeds", type=Path, nargs="+")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)  # noqa: S311 (nothing secret)
    file = os.open(arguments.out / "failure", os.O_RDWR | os.O_CREAT, 0o644)
    seeds = load(arguments.seeds)
    corpus: list[list[bytes]] = [TOKEN.findall(data) for data in seeds if data]
    first = len(corpus)
    outcomes: Counter[tuple[str, ...]] = Counter()
    slowest = 0.0

    def run(data: bytes) -> None:
        nonlocal slowest
        os.pwrite(file, data, 0)
        os.ftruncate(file, len(data))
        start = time.process_time()
        outcome = execute(data)
        slowest = max(slowest, time.process_time() - start)
        outcomes[outcome] += 1
        # What is no JSON at all leads nowhere.
        if outcomes[outcome] == 1 and not any("no valid JSON" in told for told in outcome):
            corpus.append(TOKEN.findall(data))

    start = time.perf_counter()
    for data in seeds:
        run(data)
    for _ in range(arguments.runs):
        known = corpus if rng.randrange(2) else corpus[:first]
        run(mutate(rng.choice(known), rng.choice(corpus), rng)[: arguments.max_len])
    seconds = time.perf_counter() - start
    os.close(file)
    (arguments.out / "failure").unlink()
    taken = sum(n for told, n in outcomes.items() if any(" images, " in words for words in told))
    print(
        f"seed {arguments.seed}: {arguments.runs} executions in {seconds:.0f} s, {taken} taken, "
        f"{len(corpus) - first} kept, {len(outcomes)} outcomes, slowest {slowest * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    main()

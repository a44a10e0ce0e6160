#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our segmentation with that of smpplib (PyPI), part by part and byte by byte, on random texts.

The texts leave out what smpplib codes wrongly or cuts in two: backtick, section sign, ESC, the extension characters and
everything beyond the BMP. Combining characters are left out too, because only we keep grapheme clusters whole.

    python3 segmentation.py --probe .build/debug/SegmentationProbe --count 100000 --seed 1

The last line is "N passed, M failed"; the exit code is 1 if anything differs.
"""
import argparse
import json
import random
import subprocess
import sys
import threading

from smpplib.gsm import make_parts

GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
WIDE = (
    "".join(map(chr, range(0x0410, 0x0450)))  # Cyrillic
    + "".join(map(chr, range(0x03B1, 0x03CA)))  # Greek
    + "".join(map(chr, range(0x05D0, 0x05EB)))  # Hebrew
    + "".join(map(chr, range(0x0627, 0x064B)))  # Arabic letters
    + "".join(map(chr, range(0x3041, 0x3097)))  # Hiragana
    + "".join(map(chr, range(0x4E00, 0x4F00)))  # Han
    + "".join(map(chr, range(0xAC00, 0xAC80)))  # Hangul syllables
    + "áíóúâêôçãõ–—‘’“”•…™"
)
BOUNDARIES = [0, 1, 66, 67, 68, 69, 70, 71, 133, 134, 135, 152, 153, 154, 159, 160, 161, 201, 202, 305, 306, 307, 459, 460]


def random_text(rng: random.Random) -> str:
    length = rng.choice(BOUNDARIES) if rng.random() < 0.3 else rng.randrange(0, 700)
    text = rng.choices(GSM, k=length)
    if length and rng.random() < 0.4:
        for _ in range(rng.choice([1, 2, length])):
            text[rng.randrange(length)] = rng.choice(WIDE)
    return "".join(text)


def expected(text: str) -> list:
    parts, encoding, _ = make_parts(text)
    return [str(encoding)] + [part.hex() for part in parts]


def comparable(fields: list) -> list:
    """The same with the random reference octet of each concatenation header blanked."""
    if len(fields) <= 2:
        return fields
    return fields[:1] + [part[:6] + "--" + part[8:] for part in fields[1:]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", required=True, help="path of the SegmentationProbe binary")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    rng = random.Random(arguments.seed)
    texts = [random_text(rng) for _ in range(arguments.count)]
    probe = subprocess.Popen([arguments.probe], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def feed() -> None:
        for text in texts:
            probe.stdin.write(json.dumps(text) + "\n")
        probe.stdin.close()

    threading.Thread(target=feed, daemon=True).start()
    failed = 0
    for number, text in enumerate(texts):
        actual = probe.stdout.readline().rstrip("\n").split(" ")
        wanted = expected(text)
        # An empty message is one empty part, which the probe writes as nothing after the space.
        if comparable(actual) != comparable(wanted):
            failed += 1
            if failed <= 5:
                print(f"text {number} differs: {text!r}\n  ours    {actual}\n  smpplib {wanted}", file=sys.stderr)
    print(f"{len(texts) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

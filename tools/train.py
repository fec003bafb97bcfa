"""Run the encoder for a profile: generated documents of all shapes, at every level that this machine has.

    python tools/train.py        (with the instrumented build installed; see make pgo)

The documents are none that are raced. What a level lacks here gets no profile, and is then compiled as without one
(-fprofile-partial-training).
"""

import io
import os
import random
import string
import subprocess
import sys

ROUNDS, SMALL = 12, 400
LATIN = "àéîõüñçß¿÷" + string.ascii_letters
CYRILLIC = "".join(map(chr, range(0x410, 0x450)))
CJK = "".join(map(chr, range(0x4E00, 0x4E80)))
EMOJI = "".join(map(chr, range(0x1F600, 0x1F640)))
ALPHABETS = [string.ascii_lowercase + " ", string.ascii_letters + string.digits + "-_/.", LATIN, CYRILLIC, CJK, EMOJI]
ESCAPED = ['"', "\\", "\n", "\t", "\x01", "/"]


def text(random, longest=60):
    alphabet = ALPHABETS[min(int(random.expovariate(1.2)), len(ALPHABETS) - 1)]
    result = random.choices(alphabet, k=int(random.expovariate(1 / longest * 3)) % (8 * longest))
    if random.random() < 0.1:
        result.insert(random.randrange(len(result) + 1), random.choice(ESCAPED))
    return "".join(result)


def number(random):
    kind = random.randrange(8)
    if kind < 3:
        return random.randrange(-1000, 1000)
    if kind == 3:
        return random.randrange(-(10 ** random.randrange(1, 25)), 10 ** random.randrange(1, 25))
    if kind == 4:
        return round(random.uniform(-1000, 1000), random.randrange(5))
    return random.uniform(-1, 1) * 10.0 ** random.randrange(-12, 12) if kind == 5 else random.uniform(-180, 180)


def leaf(random):
    kind = random.randrange(10)
    if kind < 4:
        return text(random)
    return number(random) if kind < 8 else random.choice([True, False, None])


def value(random, depth):
    kind = random.randrange(6)
    if depth == 0 or kind < 2:
        return leaf(random)
    if kind == 2:
        return [number(random) for _ in range(random.randrange(40))]
    if kind == 3:
        return [value(random, depth - 1) for _ in range(random.randrange(8))]
    return {key: value(random, depth - 1) for key in random.sample(KEYS, random.randrange(12))}


KEYS = [text(random.Random(n), 12) or "id" for n in range(200)] + ["id", "name", "type", "created_at", "url", "größe"]


def records(random):
    """Members of the same keys, as rows of a table."""
    keys = random.sample(KEYS, random.randrange(2, 12))
    return [{key: leaf(random) for key in keys} for _ in range(random.randrange(1, 60))]


def train(seed):
    import cyjson

    source = random.Random(seed)
    documents = [value(source, 5) for _ in range(60)] + [records(source) for _ in range(40)]
    documents += [[tuple(source.uniform(-180, 180) for _ in range(2)) for _ in range(400)]]
    documents += [[text(source, 400) for _ in range(50)], [source.randrange(10**9) for _ in range(800)]]
    small = [{"id": n, "method": text(source, 8), "params": [leaf(source)]} for n in range(SMALL)]
    calls = [
        cyjson.encode,
        cyjson.dumps,
        lambda each: cyjson.dumps(each, ensure_ascii=False),
        lambda each: cyjson.dumps(each, separators=(",", ":")),
    ]
    rare = [
        lambda each: cyjson.dumps(each, indent=2),
        lambda each: cyjson.dumps(each, sort_keys=True),
        lambda each: cyjson.dump(each, io.StringIO()),
        lambda each: "".join(cyjson.JSONEncoder().iterencode(each)),
        lambda each: cyjson.dumps(each, default=str, indent="\t", sort_keys=True, ensure_ascii=False),
    ]
    for call in calls:
        for _ in range(ROUNDS):
            for each in documents:
                call(each)
        for each in small * 5:
            call(each)
    for call in rare:
        for each in documents:
            call(each)
        for each in small:
            call(each)
    print(f"trained: {cyjson._impl.cpu}", flush=True)


def main():
    if len(sys.argv) > 1:
        return train(int(sys.argv[1]))
    refused = subprocess.run(
        [sys.executable, "-c", "import cyjson"], env={**os.environ, "CYJSON_CPU": "?"}, capture_output=True, text=True
    )
    levels = refused.stderr.strip().rpartition(" runs ")[2].split(", ")
    for seed, level in enumerate(levels):
        subprocess.run([sys.executable, __file__, str(seed)], env={**os.environ, "CYJSON_CPU": level}, check=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Holds a ledger's segments against the manifests beside them, and every leaf in them against the entry bundles (docs/trust.md).

usage: segment.py DIRECTORY     (the one with `checkpoint`, `tile/` and `segment/`; needs: pip install zstandard)

The signatures of checkpoint and manifests are checked by others: veritrail verify, scripts/trust/stranger.go.
"""
import hashlib, json, pathlib, struct, sys, zstandard

PARTS = {1: "actor", 2: "network", 3: "target", 4: "changes", 5: "raw"}

def take(data, at, form):  # fields that end with a length, the bytes of that length, and where they end
    *fields, length = struct.unpack_from(form, data, at)
    end = at + struct.calcsize(form) + length
    assert end <= len(data), "it ends inside a record"
    return fields, data[end - length:end], end

def bundle(root, number):  # the entries of a bundle: of the full file, or else of the widest partial one
    digits = [f"x{number // 1000 ** n % 1000:03}" for n in (5, 4, 3, 2, 1) if number >= 1000 ** n] + [f"{number % 1000:03}"]
    full = root.joinpath("tile", "entries", *digits)
    data, at, entries = (full if full.is_file() else max(root.glob(f"tile/entries/{'/'.join(digits)}.p/*"), key=lambda f: int(f.name))).read_bytes(), 0, []
    while at < len(data):
        _, entry, at = take(data, at, ">H")
        entries.append(entry)
    return entries

def revisions(root):  # of each segment, by first index and count: how often it was succeeded (docs/adr/0006-retention.md)
    newest = {}
    for path in root.glob("segment/*.seg*"):
        name = path.name.removesuffix(".note").removesuffix(".seg")
        first, count, *number = name.replace(".", "-").split("-")
        if bool(number) == path.name.endswith(".note"):  # integration's by its object, a successor by its manifest
            key = (int(first), int(count))
            newest[key] = max(newest.get(key, 0), *map(int, number or [0]))
    return newest

def manifest(root, first, count, number):  # its path and the lines of its manifest, which must succeed the one before
    path = root / "segment" / f"{first:012}-{count}{f'.{number}' if number else ''}.seg"
    text = pathlib.Path(f"{path}.note").read_text().split("\n\n")[0] + "\n"
    lines = text.splitlines()
    assert lines[0] == f"veritrail segment {2 if number else 1}", "its manifest is of another kind"
    if number:
        before = manifest(root, first, count, number - 1)[1]
        assert lines[3] == "replaces " + hashlib.sha256("".join(f"{line}\n" for line in before).encode()).hexdigest(), "it does not succeed the manifest before it"
    return path, lines

def check(path, lines, root, index):  # one segment, whose first record must be `index`; answers the index after it
    first, count, length, digest = lines[2].split()
    succeeds, dropped = lines[0] == "veritrail segment 2", set()
    if succeeds:
        dropped = {n for part in lines[5].split()[1:] for n in range(int(part.split("-")[0]), int(part.split("-")[1]) + 1)}
        if len(lines) == 6:  # a tombstone: nothing of it is left but its entries
            assert int(first) == index, "it does not begin where the one before ends"
            return index + int(count)
    data, at, entries = path.read_bytes(), 0, []
    assert (int(first), int(length), digest) == (index, len(data), hashlib.sha256(data).hexdigest()), "it is not what its manifest says"
    for first, count, length, digest in (line.split() for line in lines[6 if succeeds else 3:]):
        piece, at = data[at:at + int(length)], at + int(length)
        assert (int(first), digest) == (index, hashlib.sha256(piece).hexdigest()), f"batch {first} is not what the manifest says"
        plain, place = zstandard.ZstdDecompressor().decompressobj().decompress(piece), 0
        while place < len(plain):
            _, leaf, place = take(plain, place, "<I")
            named, parts, place = set(), plain[place], place + 1
            for _ in range(parts):
                (tag,), _, place = take(plain, place, "<BI")
                named.add(PARTS[tag])
            entries = entries if index % 256 and entries else bundle(root, index // 256)
            assert entries[index % 256] == leaf, f"record {index} is not the entry in its bundle"
            expected = set() if index in dropped else set(json.loads(leaf)["commitments"])
            assert named == expected, f"record {index} has not the sealed parts it commits to"
            index += 1
        assert index == int(first) + int(count), f"batch {first} has not {count} records"
    return index

root, index = pathlib.Path(sys.argv[1]), 0
size = int((root / "checkpoint").read_text().splitlines()[1])
for (first, count), number in sorted(revisions(root).items()):
    if first >= size:
        continue
    try:
        index = check(*manifest(root, first, count, number), root, index)
    except Exception as why:  # whatever is wrong, the file it was found in is named
        sys.exit(f"FAULT segment/{first:012}-{count}{f'.{number}' if number else ''}.seg: {why or type(why).__name__}")
if index != size:
    sys.exit(f"FAULT segment/: the segments hold {index} records, {size} are signed")
print(f"{index} records: every segment as in its manifest, every leaf as in its bundle")

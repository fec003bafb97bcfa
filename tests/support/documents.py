"""Values that are valid under a JSON Schema, for hypothesis: as far as ``Codec.schema`` makes use of it."""

import base64

from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT
ANY = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2))
FORMATS = {
    "date-time": st.datetimes().map(lambda value: value.isoformat() + "Z"),
    "date": st.dates().map(str),
    "time": st.times().map(lambda value: value.isoformat() + "+01:00"),
    "duration": st.builds("P{}DT{}H{}.5S".format, st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)),
    "ipv4": st.ip_addresses(v=4).map(str),
    "ipv6": st.ip_addresses(v=6).map(str),
}


def documents(schema, root=None):
    """The strategy of the values that are valid under a schema."""
    root = schema if root is None else root
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return st.deferred(lambda: documents(root["$defs"][name], root))
    if "anyOf" in schema:
        return st.one_of([documents(each, root) for each in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = schema.get("type")
    if types is None:
        return st.from_regex(schema["pattern"], fullmatch=True) if "pattern" in schema else ANY
    if isinstance(types, list):
        return st.one_of([documents({**schema, "type": each}, root) for each in types])
    return {
        "null": lambda: st.none(),
        "boolean": lambda: st.booleans(),
        "integer": lambda: st.integers(schema.get("minimum"), schema.get("maximum")),
        "number": lambda: NUMBERS,
        "string": lambda: strings(schema),
        "array": lambda: arrays(schema, root),
        "object": lambda: objects(schema, root),
    }[types]()


def strings(schema):
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    if "contentEncoding" in schema:
        return st.binary(max_size=6).map(lambda value: base64.b64encode(value).decode())
    return FORMATS[schema["format"]] if "format" in schema else TEXT


def arrays(schema, root):
    if "items" in schema:
        return st.lists(documents(schema["items"], root), max_size=3)
    places = schema.get("prefixItems", [])
    lengths = st.integers(schema["minItems"], schema["maxItems"])
    return lengths.flatmap(lambda n: st.tuples(*(documents(each, root) for each in places[:n]))).map(list)


def objects(schema, root):
    if "properties" not in schema:
        names = documents({"type": "string", **schema.get("propertyNames", {})}, root)
        return st.dictionaries(names, documents(schema["additionalProperties"], root), max_size=3)
    members = {name: documents(each, root) for name, each in schema["properties"].items()}
    required = {name: members.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=members)

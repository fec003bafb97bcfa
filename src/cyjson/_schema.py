"""JSON Schema (draft 2020-12) of a type, made from its plan: it takes what ``decode`` takes, where it can say so."""

from . import _reading as r

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_NAMED = {r.OBJECT, r.TYPED_DICT, r.NAMED_TUPLE}
_SIMPLE = {
    r.ANY: {},
    r.RAW: {},
    r.NULL: {"type": "null"},
    r.BOOL: {"type": "boolean"},
    r.INT: {"type": "integer"},
    r.STR: {"type": "string"},
    r.DATETIME: {"type": "string", "format": "date-time"},
    r.DATE: {"type": "string", "format": "date"},
    r.TIME: {"type": "string", "format": "time"},
    r.TIMEDELTA: {"type": "string", "format": "duration"},
    r.FRACTION: {"type": "string", "pattern": "^[+-]?[0-9]+(/[0-9]+)?$"},
    r.ZONEINFO: {"type": "string"},
    r.PATH: {"type": "string"},
    r.NDARRAY: {"type": "array"},
}
_UUID = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32})$"
_DECIMAL = r"^([+-]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|Infinity)|NaN)$"
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_INTEGER = "^-?(0|[1-9][0-9]*)$"


def schema_of(plan, encode):
    """Return the JSON Schema of a plan, a dict. encode: a function that writes defaults."""
    maker = _Maker(encode)
    schema = maker.schema(plan.root)
    made = {"$schema": DRAFT, **schema}
    if maker.definitions:
        made["$defs"] = maker.definitions
    return made


class _Maker:
    def __init__(self, encode):
        self.encode = encode
        self.definitions = {}
        self.names = {}  # of the Nodes that have a definition, by identity
        self.open = []  # the Nodes around the current one

    def schema(self, node):
        kind = node.kind
        if id(node) in self.names:
            return {"$ref": f"#/$defs/{self.names[id(node)]}"}
        if kind in _NAMED or any(each is node for each in self.open):
            return self.define(node)
        self.open.append(node)
        try:
            made = self.plain(node)
        finally:
            self.open.pop()
        if id(node) in self.names:  # it holds itself, as an alias does
            name = self.names[id(node)]
            self.definitions[name] = made
            return {"$ref": f"#/$defs/{name}"}
        return made

    def define(self, node):
        cls = node.data.cls if node.kind == r.TYPED_DICT else node.cls
        base = name = getattr(cls, "__name__", None) or "Recursive"
        number = 1
        while name in self.definitions:
            number += 1
            name = f"{base}{number}"
        self.names[id(node)] = name
        self.definitions[name] = {}
        if node.kind in _NAMED:
            self.definitions[name] = self.of_class(node, cls)
        return {"$ref": f"#/$defs/{name}"}

    def plain(self, node):
        kind = node.kind
        if node.data in ("unix", "unix_ms", "seconds"):
            return {"type": "number"}
        if kind in _SIMPLE:
            return dict(_SIMPLE[kind])
        return _MAKERS[kind](self, node)

    def float(self, node):
        return {"type": ["number", "null"] if node.data == "null" else "number"}

    def values(self, node):
        values = node.data
        if values.call is not None:  # a Flag, or _missing_: others may be taken, too
            from enum import Flag

            return {"type": "integer"} if issubclass(node.cls, Flag) else {"examples": self.every(values)}
        return {"enum": self.every(values)}

    @staticmethod
    def every(values):
        return [
            *values.strings,
            *values.ints,
            *values.floats,
            *values.constants,
            *(value for value, _ in values.others),
        ]

    def array(self, node):
        return {"type": "array", "items": self.schema(node.items[0])}

    def places(self, nodes, least):
        made = {"type": "array", "minItems": least, "maxItems": len(nodes)}
        if nodes:
            made["prefixItems"] = [self.schema(each) for each in nodes]
        return made

    def fixed_tuple(self, node):
        return self.places(node.items, len(node.items))

    def mapping(self, node):
        key, value = node.items
        made = {"type": "object", "additionalProperties": self.schema(value)}
        names = self.key(key)
        if names is not None:
            made["propertyNames"] = names
        return made

    def key(self, node):
        """The schema of the names that stand for keys; None where all do."""
        kind = node.kind
        if kind in (r.STR, r.ANY):
            return None
        if kind in (r.INT, r.FLOAT):
            return {"pattern": _INTEGER if kind == r.INT else _NUMBER}
        if kind == r.BOOL:
            return {"enum": ["true", "false"]}
        if kind == r.NULL:
            return {"enum": ["null"]}
        if kind in (r.LITERAL, r.ENUM) and node.data.call is None:
            from json import dumps

            every = self.every(node.data)
            return {"enum": [each if isinstance(each, str) else dumps(each) for each in every]}
        if kind == r.UNION:
            names = [self.key(each) for each in node.items]
            return None if None in names else {"anyOf": names}
        if kind == r.CONSTRAINED:
            names = self.key(node.items[0])
            return {"type": "string", **(names or {}), **_constraints(node, r.K_STR)}
        if kind in (r.DECIMAL, r.CONVERTED) or node.data in ("unix", "unix_ms", "seconds"):
            return None
        return self.schema(node)

    def union(self, node):
        return {"anyOf": [self.schema(each) for each in node.items]}

    def uuid(self, node):
        return {"type": "string", "pattern": _UUID}

    def decimal(self, node):
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _DECIMAL}]}

    def address(self, node):
        name = node.cls.__name__
        return {"type": "string", "format": name[:4].lower()} if name.endswith("Address") else {"type": "string"}

    def bytes(self, node):
        if node.data == "utf8":
            return {"type": "string"}
        if node.data == "hex":
            return {"type": "string", "pattern": "^([0-9a-fA-F]{2})*$"}
        return {"type": "string", "contentEncoding": "base64"}

    def constrained(self, node):
        from ._reading_unions import kinds_of

        inner = self.schema(node.items[0])
        more = _constraints(node, kinds_of(node.items[0]))
        if not more:
            return inner
        return {"allOf": [inner], **more} if "$ref" in inner or inner.keys() & more.keys() else {**inner, **more}

    def converted(self, node):
        return self.schema(node.items[0])

    def pydantic(self, node):
        template = "#/$defs/{model}"
        if hasattr(node.cls, "model_json_schema"):
            made = node.cls.model_json_schema(ref_template=template)
        else:
            from sys import modules

            made = modules["pydantic"].TypeAdapter(node.cls).json_schema(ref_template=template)
        self.definitions.update(made.pop("$defs", {}))
        return made

    def of_class(self, node, cls):
        made = self.members(node)
        if node.kind == r.NAMED_TUPLE:
            made = {"anyOf": [self.places(node.items, len(node.data.required)), made]}
        text = vars(cls).get("__doc__")
        if isinstance(text, str) and not text.startswith(f"{cls.__name__}("):  # which dataclasses write themselves
            made["description"] = text.strip()
        return {"title": cls.__name__, **made}

    def members(self, node):
        data = node.data
        made = {"type": "object", "properties": {field.name: self.member(field) for field in data.fields}}
        if data.required:
            made["required"] = [field.name for field in data.required]
        if data.rest is not None:
            rest = data.rest.node
            if rest.kind == r.DICT:
                for name, schema in self.mapping(rest).items():
                    if name == "additionalProperties":
                        made[name] = schema
        elif isinstance(data.extra, r.Node):
            made["additionalProperties"] = self.schema(data.extra)
        elif data.extra == "error":
            made["additionalProperties"] = False
            for name, field in data.by_name.items():
                if field is None:  # read past
                    made["properties"][name] = {}
        return made

    def member(self, field):
        made = self.schema(field.node)
        if field.default is not r.MISSING and not field.required:
            from json import loads

            try:
                made = {**made, "default": loads(self.encode(field.default))}
            except (TypeError, ValueError):
                pass
        return made


_MAKERS = {
    r.FLOAT: _Maker.float,
    r.LITERAL: _Maker.values,
    r.ENUM: _Maker.values,
    **dict.fromkeys((r.LIST, r.TUPLE, r.SET, r.FROZENSET, r.DEQUE), _Maker.array),
    r.FIXED_TUPLE: _Maker.fixed_tuple,
    r.DICT: _Maker.mapping,
    r.UNION: _Maker.union,
    r.UUID: _Maker.uuid,
    r.DECIMAL: _Maker.decimal,
    r.ADDRESS: _Maker.address,
    r.BYTES: _Maker.bytes,
    r.CONSTRAINED: _Maker.constrained,
    r.CONVERTED: _Maker.converted,
    r.PYDANTIC: _Maker.pydantic,
}
_BOUNDS = {
    r.GT: "exclusiveMinimum",
    r.GE: "minimum",
    r.LT: "exclusiveMaximum",
    r.LE: "maximum",
    r.MULTIPLE_OF: "multipleOf",
}


def _constraints(node, kinds):
    """The keywords for constraints of values of these kinds, as far as there are any."""
    made = {}
    for constraint, argument in node.data:
        if constraint in _BOUNDS and isinstance(argument, (int, float)) and kinds & r.K_NUMBER:
            made[_BOUNDS[constraint]] = argument
        elif constraint in (r.MIN_LENGTH, r.MAX_LENGTH):
            which = "min" if constraint == r.MIN_LENGTH else "max"
            if node.items[0].kind in (r.STR, r.PATH, r.LIST, r.TUPLE, r.DEQUE, r.DICT, r.UNION):
                for kind, of in (r.K_STR, "Length"), (r.K_ARRAY, "Items"), (r.K_OBJECT, "Properties"):
                    if kinds & kind:
                        made[which + of] = argument
        elif constraint == r.PATTERN and kinds & r.K_STR:
            made["pattern"] = argument.pattern
    return made

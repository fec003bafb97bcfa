"""Kafka: ``serialize`` and ``deserialize`` for aiokafka, ``serializer()`` for kafka-python, ``dumps`` for confluent's
``JSONSerializer(json_encode=)``.
"""

from cyjson import dumps, encode, loads

__all__ = ["deserialize", "dumps", "loads", "serialize", "serializer"]


def serialize(value):
    """Return ``value`` as compact UTF-8; None, which marks a key as deleted, stays None."""
    return None if value is None else encode(value)


def deserialize(data):
    """Return the value of a message (bytes), None of none."""
    return None if data is None else loads(data)


def serializer():
    """Return what kafka-python 3 takes as ``value_serializer`` and ``value_deserializer``.

    It writes compact UTF-8, where ``kafka.serializer.JsonSerializer`` writes spaces and escapes.
    """
    from kafka.serializer import Deserializer, Serializer

    class JsonSerializer(Serializer, Deserializer):
        def serialize(self, topic, headers, data):
            return serialize(data)

        def deserialize(self, topic, headers, data):
            return deserialize(data)

    return JsonSerializer()

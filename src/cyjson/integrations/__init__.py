"""cyjson in the public plugs of frameworks and clients: a small module for each, imported only when it is asked for.

Each writes what its package writes by itself, to the byte, and needs that package alone. What has no plug (requests,
httpx, boto3) is reached by ``cyjson.install()``.
"""

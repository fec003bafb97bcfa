"""Readers and writers of JSON Lines for Dask, Ray and Spark: a module for each, imported only when it is asked for.

Each cuts large files into ranges of bytes, which ``cyjson.lines`` reads, and hands the documents to the engine's own
collections; columns go over as Arrow. Nothing runs between the engine and its workers.
"""

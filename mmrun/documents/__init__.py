"""YAML files with the place of everything in them, and checks against a JSON Schema.

Takes the text of a file a person edits; gives a tree of nodes that know where they
stand, and `Problem`s. Nothing here knows what a strategy is: datasets, table maps and
strategies are read alike.

    read_document(path)            bytes → Document, problems
    validate(document, "dataset")  Document → problems, by a schema of `schemas/`
    canonical(node, ...)           Node → YAML text, the same for equal content
"""

from mmrun.documents.nodes import Document, Entry, Items, Node, Scalar, Section
from mmrun.documents.reading import read_document, read_text
from mmrun.documents.schema import load_schema, validate
from mmrun.documents.source import Source, TextPlace
from mmrun.documents.words import did_you_mean
from mmrun.documents.writing import annotated, canonical


__all__ = [
    "Document",
    "Entry",
    "Items",
    "Node",
    "Scalar",
    "Section",
    "Source",
    "TextPlace",
    "annotated",
    "canonical",
    "did_you_mean",
    "load_schema",
    "read_document",
    "read_text",
    "validate",
]

"""The little of typst's command line that the paper takes, on its package for Python."""

import argparse
import datetime
import importlib.metadata

import typst


def pair(text):
    name, _, value = text.partition("=")
    return name, value


parser = argparse.ArgumentParser(prog="typst")
version = f"typst {importlib.metadata.version('typst')} (Python)"
parser.add_argument("--version", action="version", version=version)
parser.add_argument("command", choices=["compile"])
parser.add_argument("--root", required=True)
parser.add_argument("--ignore-system-fonts", action="store_true")
parser.add_argument("--creation-timestamp", type=int, required=True)
parser.add_argument("--input", dest="inputs", type=pair, action="append", default=[])
parser.add_argument("source")
parser.add_argument("output")
arguments = parser.parse_args()
created = datetime.datetime.fromtimestamp(arguments.creation_timestamp, datetime.timezone.utc)
try:
    typst.compile(
        arguments.source,
        output=arguments.output,
        root=arguments.root,
        sys_inputs=dict(arguments.inputs),
        ignore_system_fonts=arguments.ignore_system_fonts,
        timestamp=created,
    )
except typst.TypstError as error:
    raise SystemExit(f"typst: {error}")

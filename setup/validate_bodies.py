"""Runs the validators of the corpus over many message bodies in one process.

usage: validate_bodies.py VALIDATE.PY < bodies.jsonl

Each line is {"kind": "slack", "body": {...}}. Prints what is wrong, at most twenty lines;
exit code 1 when something is. Needs the packages slack_sdk and jsonschema.
"""

import functools
import importlib.util
import json
import logging
import sys


def main() -> int:
    # slack_sdk warns about parts of rich text that it has no classes for.
    logging.disable(logging.WARNING)
    spec = importlib.util.spec_from_file_location("validate", sys.argv[1])
    validate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(validate)
    # The same schema is wanted for every body, and checking it once is enough.
    validate.schema = functools.lru_cache(None)(validate.schema)
    validate.js = checker()
    wrong = []
    for number, line in enumerate(sys.stdin, 1):
        given = json.loads(line)
        found = getattr(validate, given["kind"])(given["body"])
        wrong += [f"{given['kind']} {number}: {problem}" for problem in found]
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


def checker():
    """The validator's own check against a schema, with the schema compiled once."""
    import jsonschema

    compiled = {}

    def check(instance, schema):
        key = id(schema)
        if key not in compiled:
            kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
            compiled[key] = kind(schema)
        errors = compiled[key].iter_errors(instance)
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors][:20]

    return check


if __name__ == "__main__":
    sys.exit(main())

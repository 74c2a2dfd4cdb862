# Evaluates expressions, one JSON string a line, and writes what they are: a line each, with the text
# of the value, or the name of the exception. Run by cpython.test.ts.

import datetime as dates
import json
import math
import re
import string
import sys
import warnings

warnings.simplefilter("ignore")

# A list times 2**31 is a MemoryError then, not the end of the process.
try:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
except (ImportError, ValueError, OSError):
    pass

NAMES = {
    # strftime imports time.
    "__builtins__": {"__import__": __import__},
    "datetime": dates.datetime,
    "date": dates.date,
    "timedelta": dates.timedelta,
    "math": math,
    "re": re,
    "string": string,
    **{
        each.__name__: each
        for each in (
            abs, all, any, bin, bool, bytes, callable, chr, complex, dict, divmod, enumerate, filter, float,
            format, frozenset, hex, int, isinstance, iter, len, list, map, max, min, next, oct, ord, pow, range,
            repr, reversed, round, set, slice, sorted, str, sum, tuple, zip,
        )
    },
}


def shown(value):
    """repr, with sets in an order of their own."""
    if isinstance(value, (set, frozenset)):
        return type(value).__name__ + "{" + ", ".join(sorted(map(shown, value))) + "}"
    if type(value) is list:
        return "[" + ", ".join(map(shown, value)) + "]"
    if type(value) is tuple:
        return "(" + ", ".join(map(shown, value)) + ")"
    if type(value) is dict:
        return "{" + ", ".join(shown(k) + ": " + shown(v) for k, v in value.items()) + "}"
    return repr(value)


for line in sys.stdin:
    try:
        answer = shown(eval(json.loads(line), dict(NAMES)))
    except SyntaxError:
        answer = "! SyntaxError"
    except RecursionError:
        answer = "! RecursionError"
    except Exception as error:
        answer = "! " + type(error).__name__
    sys.stdout.write(json.dumps(answer) + "\n")

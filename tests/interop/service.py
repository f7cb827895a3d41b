"""A Django service's cache and its cached functions, told over the input what to do.

The only argument is the setting `CACHES`, as JSON. A line of the input is an order:

    {"cache": "zlib", "do": "set", "args": ["key", [1, 2]], "kwargs": {"timeout": 60}}
    {"cache": "zlib", "call": "get_user_tasks", "args": [7]}
    {"loads": "[1, 2]"}

and a line of the output says what came of it: `{"result": …, "repr": "[1, 2]"}`, with `"runs"`, how
often the body has run, after a call; or `{"error": "ValueError: …"}`. `{"py": "2 ** 100"}` in place of
an argument is what that expression gives. `"times": 500` repeats an order.
"""

import datetime
import decimal
import hashlib
import json
import sys
import uuid
import zlib
from collections import Counter
from functools import wraps

from django.conf import settings


class JSONSerde:
    """What django-redis writes with its JSONSerializer, for pymemcache, which has only pickle."""

    def __init__(self, compresses):
        self.compresses = compresses

    def serialize(self, key, value):
        if type(value) is int:
            return str(value).encode(), 0
        text = json.dumps(value, cls=DjangoJSONEncoder).encode()
        if self.compresses and len(text) > 15:
            return zlib.compress(text, 6), 0
        return text, 0

    def deserialize(self, key, value, flags):
        try:
            return int(value)
        except ValueError:
            pass
        try:
            value = zlib.decompress(value)
        except zlib.error:
            pass
        return json.loads(value)


def with_serde(cache):
    options = cache.get("OPTIONS", {})
    if "serde" in options:
        options["serde"] = JSONSerde(compresses=options["serde"] == "json+zlib")
    return cache


CACHES = {alias: with_serde(cache) for alias, cache in json.loads(sys.argv[1]).items()}
settings.configure(CACHES=CACHES)

from django.core.cache import caches  # noqa: E402: only after the settings
from django.core.serializers.json import DjangoJSONEncoder  # noqa: E402

runs = Counter()


def functions(cache):
    """The decorator that Django guides give, on one cache, and what it decorates."""

    def cache_result(timeout=300, key_prefix=""):
        def decorator(func):
            @wraps(func)
            def wrapper(*args, **kwargs):
                key = key_of(func, key_prefix, args, kwargs)
                result = cache.get(key)
                if result is None:
                    result = func(*args, **kwargs)
                    cache.set(key, result, timeout)
                return result

            wrapper.key = lambda *args, **kwargs: key_of(func, key_prefix, args, kwargs)
            return wrapper

        return decorator

    @cache_result(timeout=600, key_prefix="user_tasks")
    def get_user_tasks(user_id, status=None):
        runs["get_user_tasks"] += 1
        title = "aufräumen ✓ (Python)"
        return [
            {"id": id, "user_id": user_id, "title": title, "status": status, "hours": id / 4}
            for id in range(1, 4)
        ]

    @cache_result(key_prefix="statistics")
    def get_statistics(user_id):
        runs["get_statistics"] += 1
        return {"by_status": {"done": 2, "open": 1}, "hours": 1e16, "last": None, "user_id": user_id}

    @cache_result(timeout=60, key_prefix="task")
    def find_task(task_id):
        runs["find_task"] += 1
        return None if task_id < 0 else f"task {task_id}"

    @cache_result(key_prefix="count")
    def count_tasks(user_id):
        runs["count_tasks"] += 1
        return user_id * 10

    @cache_result(key_prefix="anything")
    def anything(*args, **kwargs):
        runs["anything"] += 1
        return "Python"

    return {f.__name__: f for f in [get_user_tasks, get_statistics, find_task, count_tasks, anything]}


def key_of(func, key_prefix, args, kwargs):
    call = json.dumps(
        {"func": func.__name__, "args": args, "kwargs": kwargs}, sort_keys=True
    )
    return f"{key_prefix}:{hashlib.md5(call.encode()).hexdigest()}"


def evaluated(argument):
    if isinstance(argument, dict) and argument.keys() == {"py"}:
        return eval(argument["py"], {"datetime": datetime, "Decimal": decimal.Decimal, "UUID": uuid.UUID})
    return argument


def obey(order):
    if "loads" in order:
        return json.loads(order["loads"])
    cache = caches[order["cache"]]
    if "call" in order:
        what = functions(cache)[order["call"]]
    elif "key_of" in order:
        what = functions(cache)[order["key_of"]].key
    else:
        what = getattr(cache, order["do"])
    args = [evaluated(argument) for argument in order.get("args", [])]
    kwargs = {name: evaluated(argument) for name, argument in order.get("kwargs", {}).items()}
    for _ in range(order.get("times", 1)):
        result = what(*args, **kwargs)
    return result


for line in sys.stdin:
    order = json.loads(line)
    try:
        result = obey(order)
        answer = {"result": result, "repr": repr(result)}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    if "call" in order:
        answer["runs"] = runs[order["call"]]
    print(json.dumps(answer, default=str), flush=True)

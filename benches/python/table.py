"""What the idea came from: hits of `functools.lru_cache` and of Django's caches.

A line of the input says what to do, as `{"lane": "lru_cache", "calls": 1000}`; a line of the output
says how long that took, as `{"lane": "lru_cache", "nanos": 81000}`. So the other side can take turns.
The URL of a Redis is the only argument; without it there is no lane `django_redis`.
"""

import functools
import hashlib
import json
import sys
import timeit

from django.conf import settings

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if len(sys.argv) > 1:
    CACHES["redis"] = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": sys.argv[1]}
settings.configure(CACHES=CACHES)

from django.core.cache import caches  # noqa: E402: only after the settings


def cache_result(timeout, key_prefix, alias="default"):
    """The decorator that Django guides give."""

    def decorator(func):
        @functools.wraps(func)
        def wrapper(*args, **kwargs):
            call = json.dumps([func.__name__, args, kwargs], sort_keys=True)
            key = f"{key_prefix}:{hashlib.md5(call.encode()).hexdigest()}"
            result = cache.get(key)
            if result is None:
                result = func(*args, **kwargs)
                cache.set(key, result, timeout)
            return result

        cache = caches[alias]
        return wrapper

    return decorator


def tasks(user_id, status=None):
    return [
        {"id": number, "user_id": user_id, "title": f"Task {number}", "status": status or "open"}
        for number in range(3)
    ]


LANES = {
    "lru_cache": functools.lru_cache(maxsize=100_000)(tasks),
    "locmem": cache_result(timeout=600, key_prefix="user_tasks")(tasks),
}
if "redis" in CACHES:
    LANES["django_redis"] = cache_result(600, "user_tasks", alias="redis")(tasks)

for line in sys.stdin:
    order = json.loads(line)
    f = LANES[order["lane"]]
    f(7, "open")
    # `timeit` writes the loop around the call, and stops the garbage collector meanwhile.
    seconds = timeit.timeit('f(7, "open")', number=order["calls"], globals={"f": f})
    print(json.dumps({"lane": order["lane"], "nanos": seconds * 1e9}), flush=True)

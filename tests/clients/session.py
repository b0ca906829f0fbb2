"""A session of redis-py with the server on the port given: python3 session.py PORT. Ends silently when all is right."""

import sys

import redis


def same(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def strings_and_keys(r):
    same(r.set("greeting", "hello", ex=100), True)
    same(r.get("greeting"), "hello")
    same(0 < r.ttl("greeting") <= 100, True)
    same(r.incrby("counter", 5), 5)
    same(r.mset({"a": 1, "b": 2}), True)
    same(r.mget("a", "b", "none"), ["1", "2", None])
    same(sorted(r.scan_iter(match="*", count=2)), ["a", "b", "counter", "greeting"])
    same(r.delete("a", "b"), 2)
    same(r.type("greeting"), "string")
    same(r.exists("a", "greeting"), 1)


def collections(r):
    same(r.hset("user", mapping={"name": "Ada", "age": 36}), 2)
    same(r.hgetall("user"), {"name": "Ada", "age": "36"})
    same(r.rpush("queue", "x", "y", "z"), 3)
    same(r.lrange("queue", 0, -1), ["x", "y", "z"])
    same(r.lpop("queue", 2), ["x", "y"])
    same(r.sadd("tags", "p", "q"), 2)
    same(set(r.smembers("tags")), {"p", "q"})
    same(r.zadd("board", {"ann": 10, "bob": 20.5}), 2)
    same([tuple(pair) for pair in r.zrange("board", 0, -1, withscores=True)], [("ann", 10.0), ("bob", 20.5)])
    same(r.zrank("board", "bob"), 1)
    same(r.zincrby("board", 15, "ann"), 25.0)
    same(r.sort("tags", alpha=True, desc=True), ["q", "p"])


def errors(r):
    try:
        r.lpush("greeting", "x")
    except redis.ResponseError as e:
        same(str(e), "WRONGTYPE Operation against a key holding the wrong kind of value")
    else:
        raise AssertionError("no error for the wrong type")


def pipeline(r):
    p = r.pipeline(transaction=False)
    for i in range(1000):
        p.set(f"key:{i}", i)
    p.get("key:999")
    same(p.execute()[-1], "999")
    same(r.dbsize() >= 1000, True)


for protocol in (2, 3):
    client = redis.Redis(port=int(sys.argv[1]), protocol=protocol, decode_responses=True, client_name="session")
    same(client.ping(), True)
    client.flushall()
    for part in (strings_and_keys, collections, errors, pipeline):
        part(client)
    same(client.client_getname(), "session")
    same("redis_version" in client.info("server"), True)
    same(client.config_get("maxmemory-policy"), {"maxmemory-policy": "noeviction"})
    client.close()

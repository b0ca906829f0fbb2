"""redis-py's way through a failover: python3 sentinel.py NAME PORT... Says where it writes, and again when that has changed."""

import sys
import time

from redis.exceptions import ConnectionError, ReadOnlyError, TimeoutError
from redis.sentinel import Sentinel

PATIENCE_S = 40

name, ports = sys.argv[1], sys.argv[2:]
sentinel = Sentinel([("127.0.0.1", int(port)) for port in ports], socket_timeout=0.5)
primary = sentinel.master_for(name, decode_responses=True)
replica = sentinel.slave_for(name, decode_responses=True)


def write(key):
    """Where the write went; None if there is nobody to take it now."""
    try:
        primary.set(key, "py")
        return primary.info("server")["tcp_port"]
    except (ConnectionError, ReadOnlyError, TimeoutError):
        return None


first = write("python:before")
print(f"writes to {first}", flush=True)
deadline = time.monotonic() + PATIENCE_S
now = first
while now in (None, first):
    if time.monotonic() > deadline:
        sys.exit(f"still writes to {now}")
    time.sleep(0.05)
    now = write("python:after")
while replica.get("python:after") != "py":
    if time.monotonic() > deadline:
        sys.exit("the replica does not have it")
    time.sleep(0.05)
if now in [port for _, port in sentinel.discover_slaves(name)]:
    sys.exit(f"{now} is listed as a replica as well")
print(f"writes to {now}", flush=True)

"""What `hearken bench fetch` compares itself with: the usual Python way of polling feeds.

httpx asks conditionally, as many at a time as Hearken does, feedparser reads, and the ids
that were seen are remembered in memory. Nothing is matched and nothing is stored, so it
does less than Hearken. It is driven like the child of `hearken bench fetch`: one line of
JSON after each pass over all feeds, a line on stdin before the second.
"""

import asyncio
import json
import sys
import time

import feedparser
import httpx


def peak_kib():
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return None


def forget_peak():
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as refs:
            refs.write("5")
    except OSError:
        pass


async def run_pass(client, base, n_feeds, at_once, etags, seen):
    slots = asyncio.Semaphore(at_once)
    counts = {"n_ok": 0, "n_unchanged": 0, "n_new": 0, "n_failed": 0}

    async def poll(number):
        url = f"{base}/feeds/{number}"
        headers = {"If-None-Match": etags[number]} if number in etags else {}
        async with slots:
            try:
                answer = await client.get(url, headers=headers)
            except httpx.HTTPError:
                counts["n_failed"] += 1
                return
        if answer.status_code == 304:
            counts["n_unchanged"] += 1
            return
        etags[number] = answer.headers.get("etag")
        parsed = feedparser.parse(answer.content)
        for entry in parsed.entries:
            if entry.id not in seen:
                seen.add(entry.id)
                counts["n_new"] += 1
        counts["n_ok"] += 1

    started = time.perf_counter()
    await asyncio.gather(*(poll(number) for number in range(n_feeds)))
    return {"wall_s": time.perf_counter() - started, "peak_kib": peak_kib(), **counts}


async def main():
    base, n_feeds, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    etags, seen = {}, set()
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        for number in range(2):
            if number:
                sys.stdin.readline()
                forget_peak()
            result = await run_pass(client, base, n_feeds, at_once, etags, seen)
            print(json.dumps(result), flush=True)


asyncio.run(main())

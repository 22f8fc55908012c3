"""A stand-in for the part of Hetzner Cloud's interface that the program uses, on loopback."""

import itertools
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

CREATED = "2026-01-01T00:00:00+00:00"
LOCATION = {"id": 1, "name": "fsn1", "network_zone": "eu-central"}
PRICE = {"gross": "0.0300000000", "net": "0.0250000000"}
TYPE = {
    "id": 1,
    "name": "cax31",
    "architecture": "arm",
    "cores": 8,
    "memory": 16,
    "disk": 160,
    "prices": [{"location": "fsn1", "price_hourly": PRICE, "price_monthly": PRICE}],
}
IMAGE = {"id": 1, "name": "debian-12", "type": "system", "architecture": "arm", "status": "available"}
ACTION = {"id": 1, "command": "any", "status": "success", "progress": 100, "started": CREATED, "resources": []}
KINDS = {
    "servers": "server",
    "networks": "network",
    "placement_groups": "placement_group",
    "ssh_keys": "ssh_key",
}
FIXED = {"server_types": TYPE, "images": IMAGE, "locations": LOCATION}


class Cloud:
    """What has been made, what was asked, and which requests are to be refused."""

    def __init__(self):
        self.things = {kind: {} for kind in KINDS}
        self.log = []
        self.tokens = set()
        # (method, path) to (status, code), and how many such requests pass before.
        self.refusals = {}
        self.passing = {}
        self.numbers = itertools.count(100)
        # Whether a server is made without an answer, and only once all else is gone; and what was asked.
        self.makes_late = False
        self.late = None
        self.over = threading.Event()

    def refused(self, method, path):
        for (wanted, pattern), answer in self.refusals.items():
            if method == wanted and re.fullmatch(pattern, path):
                self.passing[pattern] = self.passing.get(pattern, 0) - 1
                if self.passing[pattern] < 0:
                    return answer
        return None

    def left(self):
        return sorted(kind for kind, things in self.things.items() if things)

    def make(self, kind, asked):
        number = next(self.numbers)
        thing = {"id": number, "created": CREATED, "labels": {}, **asked}
        if kind == "servers":
            thing |= {
                "status": "running",
                "server_type": TYPE,
                "image": IMAGE,
                "datacenter": {"id": 1, "name": "fsn1-dc14", "location": LOCATION},
                "public_net": {
                    "ipv4": {"id": number, "ip": f"192.0.2.{number}"},
                    "ipv6": {"id": number, "ip": "2001:db8::/64"},
                },
                "private_net": [],
            }
            for asked_by_number in ["ssh_keys", "placement_group", "location"]:
                thing.pop(asked_by_number, None)
        self.things[kind][number] = thing
        return thing


class Handler(BaseHTTPRequestHandler):
    """Answers for `self.server.cloud`."""

    def log_message(self, *_):
        pass

    def answer(self, status, body=None):
        text = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def listing(self, kind, query):
        if kind in FIXED:
            return [FIXED[kind]]
        things = list(self.server.cloud.things[kind].values())
        if "name" in query:
            things = [thing for thing in things if thing["name"] == query["name"][0]]
        if "label_selector" in query:
            key, value = query["label_selector"][0].split("=")
            things = [thing for thing in things if thing["labels"].get(key) == value]
        return things

    def handle_request(self, method):
        cloud = self.server.cloud
        url = urlparse(self.path)
        path = url.path.removeprefix("/v1")
        length = int(self.headers.get("Content-Length") or 0)
        asked = json.loads(self.rfile.read(length) or b"{}")
        cloud.log.append((method, path, asked))
        cloud.tokens.add(self.headers.get("Authorization"))
        refusal = cloud.refused(method, path)
        if refusal:
            status, code = refusal
            return self.answer(status, {"error": {"code": code, "message": code, "details": None}})
        kind, *rest = path.strip("/").split("/")
        if kind == "actions":
            return self.answer(200, {"action": ACTION, "actions": [ACTION]})
        if kind not in KINDS and kind not in FIXED:
            return self.answer(404, {"error": {"code": "not_found", "message": "not found", "details": None}})
        if not rest and method == "GET":
            # The kind that is asked for last: to who asks, all looks gone this time.
            if kind == "ssh_keys" and cloud.late and not cloud.left():
                cloud.make("servers", cloud.late)
                cloud.late = None
            return self.answer(200, {kind: self.listing(kind, parse_qs(url.query))})
        if not rest and kind == "servers" and cloud.makes_late:
            cloud.late = asked
            return cloud.over.wait()
        if not rest:
            thing = cloud.make(kind, asked)
            more = {"action": ACTION, "next_actions": [], "root_password": None} if kind == "servers" else {}
            return self.answer(201, {KINDS[kind]: thing, **more})
        number = int(rest[0])
        known = {1: FIXED[kind]} if kind in FIXED else cloud.things[kind]
        if number not in known:
            return self.answer(404, {"error": {"code": "not_found", "message": "not found", "details": None}})
        if method == "DELETE":
            del cloud.things[kind][number]
            return self.answer(200, {"action": ACTION}) if kind == "servers" else self.answer(204)
        if len(rest) > 1:
            return self.answer(201, {"action": ACTION})
        return self.answer(200, {KINDS.get(kind, kind[:-1]): known[number]})

    def do_GET(self):
        self.handle_request("GET")

    def do_POST(self):
        self.handle_request("POST")

    def do_DELETE(self):
        self.handle_request("DELETE")


def serve(cloud):
    """Serves `cloud` on a port of loopback. Returns the server, to be shut down."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.cloud = cloud
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

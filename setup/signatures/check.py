"""Has the official Standard Webhooks libraries of Python and npm verify what Hearken sends.

usage: check.py HEARKEN PYTHON NODE_FOLDER

Starts a receiver on loopback, sends it test events with the real program (`hearken webhook
test`), signed with one secret, with a raw text, and with two secrets as while one is being
changed, and hands headers and bodies to both libraries. A changed body must be refused.
"""

import base64
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
RAW = "a plain text of somebody's own"
RAW_AS_BASE64 = "whsec_" + base64.b64encode(RAW.encode()).decode()

# Name of the webhook, its `secret`, and what the receiver knows.
CASES = [
    ("one", json.dumps(SECRET), SECRET),
    ("raw", json.dumps(RAW), RAW_AS_BASE64),
    ("rotating-new", json.dumps([SECRET, OLD_SECRET]), SECRET),
    ("rotating-old", json.dumps([SECRET, OLD_SECRET]), OLD_SECRET),
]

HERE = pathlib.Path(__file__).resolve().parent


class Receiver(http.server.BaseHTTPRequestHandler):
    received: list = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        Receiver.received.append({"headers": headers, "body": body.decode()})
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def main() -> int:
    program, python, node_folder = sys.argv[1:4]
    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    sent = []
    with tempfile.TemporaryDirectory(prefix="hearken-signatures-") as folder:
        lines = ['[net]\nallow_private = ["127.0.0.1"]\n']
        lines += [f'[[webhook]]\nname = "{name}"\nurl = "{url}"\nsecret = {secret}\n' for name, secret, _ in CASES]
        pathlib.Path(folder, "hearken.toml").write_text("\n".join(lines))
        for name, _, known in CASES:
            subprocess.run([program, "webhook", "test", name], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            sent.append({"name": name, "secret": known, **Receiver.received[-1]})
    messages = json.dumps(sent)
    failed = 0
    for library, command in [
        ("Python standardwebhooks", [python, HERE / "verify.py"]),
        ("npm standardwebhooks", ["node", HERE / "verify.mjs", node_folder]),
    ]:
        ended = subprocess.run(command, input=messages, text=True, stdout=subprocess.PIPE)
        print(f"{library}:\n{ended.stdout}", end="")
        failed += ended.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

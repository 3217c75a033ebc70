"""A kernel whose language is the shell: a cell runs in `sh -c`.

It needs an interpreter with pyzmq, which need not be that of its environment, and
nothing else: no Jupyter package. Goes into a conda package; is no part of the tests' own process.
"""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import threading
import uuid
from datetime import datetime, timezone
from functools import partial

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "site"))
import zmq

with open(sys.argv[1], encoding="utf-8") as file:
    ABOUT = json.load(file)
KEY = ABOUT["key"].encode()
SESSION = uuid.uuid4().hex
DELIMITER = b"<IDS|MSG>"
CONTEXT = zmq.Context()


def bind(kind, port):
    socket = CONTEXT.socket(kind)
    socket.bind(f"{ABOUT['transport']}://{ABOUT['ip']}:{ABOUT[port]}")
    return socket


def sign(parts):
    return hmac.new(KEY, b"".join(parts), hashlib.sha256).hexdigest().encode() if KEY else b""


def send(socket, kind, content, parent, identities=()):
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "session": SESSION,
        "username": "kernel",
        "date": datetime.now(timezone.utc).isoformat(),
        "version": "5.3",
    }
    parts = [json.dumps(part).encode() for part in (header, parent, {}, content)]
    socket.send_multipart([*identities, DELIMITER, sign(parts), *parts])


def beat():
    socket = bind(zmq.REP, "hb_port")
    while True:
        socket.send(socket.recv())


def say(iopub, parent, text):
    send(iopub, "stream", {"name": "stdout", "text": text}, parent)


def execute(code, say):
    """The reply; `say` gets each line that the cell prints, as it comes."""
    child = None
    try:
        child = subprocess.Popen(["/bin/sh", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in child.stdout:
            say(line)
        child.wait()
    except KeyboardInterrupt:
        if child:
            child.kill()
            child.wait()
        return {"status": "error", "ename": "Interrupt", "evalue": "interrupted", "traceback": ["interrupted"]}
    if child.returncode:
        failed = f"exit code {child.returncode}"
        return {"status": "error", "ename": "Failed", "evalue": failed, "traceback": [failed]}
    return {"status": "ok", "payload": [], "user_expressions": {}}


def main():
    threading.Thread(target=beat, daemon=True).start()
    shell, control = bind(zmq.ROUTER, "shell_port"), bind(zmq.ROUTER, "control_port")
    iopub, _stdin = bind(zmq.PUB, "iopub_port"), bind(zmq.ROUTER, "stdin_port")
    poller = zmq.Poller()
    poller.register(shell, zmq.POLLIN)
    poller.register(control, zmq.POLLIN)
    count = 0
    while True:
        try:
            ready = dict(poller.poll())
        except KeyboardInterrupt:
            continue
        for socket in ready:
            parts = socket.recv_multipart()
            at = parts.index(DELIMITER)
            identities, signature, body = parts[:at], parts[at + 1], parts[at + 2 : at + 6]
            if not hmac.compare_digest(signature, sign(body)):
                continue
            header, content = json.loads(body[0]), json.loads(body[3])
            kind = header["msg_type"]
            send(iopub, "status", {"execution_state": "busy"}, header)
            if kind == "execute_request":
                count += 1
                reply = execute(content["code"], partial(say, iopub, header))
                if reply["status"] == "error":
                    send(iopub, "error", reply, header)
                send(socket, "execute_reply", {**reply, "execution_count": count}, header, identities)
            elif kind == "kernel_info_request":
                language = {"name": "sh", "version": "1", "mimetype": "text/x-sh", "file_extension": ".sh"}
                about = {"implementation": "shell-kernel", "implementation_version": "1.0", "banner": "sh"}
                about |= {"status": "ok", "protocol_version": "5.3", "language_info": language, "help_links": []}
                send(socket, "kernel_info_reply", about, header, identities)
            elif kind == "shutdown_request":
                send(socket, "shutdown_reply", {"status": "ok", **content}, header, identities)
            send(iopub, "status", {"execution_state": "idle"}, header)
            if kind == "shutdown_request":
                CONTEXT.destroy(linger=500)
                return


if __name__ == "__main__":
    main()

"""A time-stamping authority (RFC 3161) for tests: every answer is made by `openssl ts -reply`, under an authority of its own made on the spot.

Prints its port, then {"roots": ..., "certificate": ...}: PEM files for `openssl ts -verify`. Arguments: a folder to keep them in;
--fail-first N (answers 503); --digest sha1 (accepts only that, so that our requests are refused).
"""
import argparse, json, subprocess, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--fail-first", type=int, default=0)
parser.add_argument("--digest", default="sha256")
options = parser.parse_args()
failures = options.fail_first
one_at_a_time = threading.Lock()
folder = options.folder
folder.mkdir(parents=True, exist_ok=True)


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True)


(folder / "extensions").write_text(
    "[tsa]\nbasicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
)
openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Test root", "-keyout", "root.key", "-out", "root.pem")
openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test time-stamping", "-keyout", "tsa.key", "-out", "tsa.csr")
openssl("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "30", "-extfile", "extensions", "-extensions", "tsa", "-out", "tsa.pem")
(folder / "serial").write_text("01\n")
(folder / "tsa.cnf").write_text(
    "[tsa]\ndefault_tsa=one\n[one]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\ncerts=root.pem\n"
    f"default_policy=1.3.6.1.4.1.32473.1\ndigests={options.digest}\naccuracy=secs:1\nordering=no\ntsa_name=no\ness_cert_id_alg=sha256\n"
)


class Authority(BaseHTTPRequestHandler):
    def do_POST(self):
        global failures
        body = self.rfile.read(int(self.headers["content-length"]))
        with one_at_a_time:
            away, failures = failures > 0, max(0, failures - 1)
            if away:
                return self.answer(503, "text/plain", b"try again\n")
            if self.headers["content-type"] != "application/timestamp-query":
                return self.answer(415, "text/plain", b"application/timestamp-query is expected\n")
            (folder / "query.tsq").write_bytes(body)
            openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr")
            self.answer(200, "application/timestamp-reply", (folder / "reply.tsr").read_bytes())

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Authority)
print(server.server_address[1], flush=True)
print(json.dumps({"roots": str(folder / "root.pem"), "certificate": str(folder / "tsa.pem")}), flush=True)
server.serve_forever()

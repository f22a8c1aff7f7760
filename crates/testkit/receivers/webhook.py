"""A webhook receiver for tests: checks signatures with the reference library (standardwebhooks). Prints its port, then one JSON line per request.

Arguments: secret, --fail-first N (answers 503), --redirect (answers 302), --status N, --tls CERTIFICATE KEY.
"""
import argparse, json, ssl
from http.server import BaseHTTPRequestHandler, HTTPServer
from standardwebhooks.webhooks import Webhook

parser = argparse.ArgumentParser()
parser.add_argument("secret")
parser.add_argument("--fail-first", type=int, default=0)
parser.add_argument("--status", type=int, default=204)
parser.add_argument("--redirect", action="store_true")
parser.add_argument("--tls", nargs=2)
options = parser.parse_args()
failures = options.fail_first


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        global failures
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            Webhook(options.secret).verify(body, {k.lower(): v for k, v in self.headers.items()})
            verified = True
        except Exception as error:
            verified = repr(error)
        status = options.status
        if failures > 0:
            failures -= 1
            status = 503
        if options.redirect:
            status = 302
        print(json.dumps({"path": self.path, "id": self.headers["webhook-id"], "type": self.headers["content-type"], "verified": verified, "body": json.loads(body), "status": status}), flush=True)
        self.send_response(status)
        if options.redirect:
            self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Receiver)
if options.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()

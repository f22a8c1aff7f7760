"""An SMTP server for tests (aiosmtpd). Prints its port, then one JSON line per mail taken.

Arguments: --auth user:password, --fail-first N (answers 451), --refuse (answers 550), --tls CERTIFICATE KEY.
"""
import argparse, asyncio, json, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("--auth")
parser.add_argument("--fail-first", type=int, default=0)
parser.add_argument("--refuse", action="store_true")
parser.add_argument("--tls", nargs=2)
options = parser.parse_args()
failures = options.fail_first


class Handler:
    async def handle_DATA(self, server, session, envelope):
        global failures
        if options.refuse:
            return "550 not here"
        if failures > 0:
            failures -= 1
            return "451 come back later"
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "text": envelope.content.decode(), "signed_in": bool(session.auth_data)}), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    user, password = options.auth.split(":")
    right = (data.login.decode(), data.password.decode()) == (user, password)
    return AuthResult(success=right, auth_data=True if right else None, handled=False)


def make():
    if options.auth:
        return SMTP(Handler(), authenticator=authenticate, auth_required=True, auth_require_tls=False, enable_SMTPUTF8=True)
    return SMTP(Handler(), enable_SMTPUTF8=True)


async def main():
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())

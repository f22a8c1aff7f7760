"""What stands where a PostgreSQL server should: offers TLS under the certificate given. Prints its port, then one JSON line per client that went on.

Arguments: certificate, key.
"""
import json, socket, ssl, sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:3])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    client, _ = listener.accept()
    try:
        client.recv(8)  # SSLRequest
        client.sendall(b"S")
        with context.wrap_socket(client, server_side=True) as spoken:
            print(json.dumps({"said": spoken.recv(64).decode("latin-1")}), flush=True)
    except OSError:
        client.close()

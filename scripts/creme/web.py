"""A browser without a screen: cookies, forms with all their hidden fields, an address and a name of its own."""
import http.client
import mimetypes
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit


class Refused(Exception):
    """An answer that the act did not expect: the page is worth reading."""


class Form:
    def __init__(self, attributes):
        self.action = attributes.get("action") or ""
        self.method = (attributes.get("method") or "get").lower()
        self.fields = []

    def names(self):
        return [name for name, _ in self.fields]

    def filled(self, values):
        """The form's own fields with `values` in their place; a list fills a field several times, None leaves it out."""
        fields = [(name, value) for name, value in self.fields if name not in values]
        for name, value in values.items():
            fields += [(name, item) for item in (value if isinstance(value, list) else [value]) if item is not None]
        return fields


class _Forms(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.forms, self.select, self.option, self.area, self.errors, self.in_errors = [], None, None, None, [], 0

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self.forms.append(Form(a))
        if tag == "ul" and "errorlist" in (a.get("class") or ""):
            self.in_errors += 1
        if not self.forms or not (a.get("name") or tag == "option"):
            return
        fields = self.forms[-1].fields
        if tag == "input":
            kind = a.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" in a:
                fields.append((a["name"], a.get("value", "on")))
            elif kind not in ("checkbox", "radio", "submit", "button", "file", "image", "reset"):
                fields.append((a["name"], a.get("value") or ""))
        elif tag == "select":
            self.select = (a["name"], "multiple" in a, [], [])
        elif tag == "option" and self.select:
            value = a.get("value", "")
            self.select[2].append(value)
            if "selected" in a:
                self.select[3].append(value)
        elif tag == "textarea":
            self.area = (a["name"], [])

    def handle_endtag(self, tag):
        if tag == "select" and self.select:
            name, multiple, options, selected = self.select
            # A browser sends the first option where none is marked.
            chosen = selected or ([] if multiple else options[:1])
            self.forms[-1].fields += [(name, value) for value in chosen]
            self.select = None
        elif tag == "textarea" and self.area:
            self.forms[-1].fields.append((self.area[0], "".join(self.area[1]).removeprefix("\n")))
            self.area = None
        elif tag == "ul" and self.in_errors:
            self.in_errors -= 1

    def handle_data(self, data):
        if self.area:
            self.area[1].append(data)
        if self.in_errors and data.strip():
            self.errors.append(data.strip())


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def location(self):
        return urlsplit(self.headers.get("Location", "")).path

    def forms(self):
        parser = _Forms()
        parser.feed(self.text)
        return parser.forms

    def form(self, *having):
        """The first form that has all these fields."""
        for form in self.forms():
            if form.method == "post" and set(having) <= set(form.names()):
                return form
        raise Refused(f"no form with {having} on this page (status {self.status}); forms have {[f.names() for f in self.forms()]}")

    def errors(self):
        parser = _Forms()
        parser.feed(self.text)
        return parser.errors


class Browser:
    def __init__(self, port, address, agent):
        self.port, self.address, self.agent, self.cookies = port, address, agent, {}

    def request(self, method, path, fields=None, files=None, referer=None, ajax=False, expect=None):
        headers = {"User-Agent": self.agent, "Accept": "text/html,*/*", "Host": f"127.0.0.1:{self.port}"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if referer:
            headers["Referer"] = f"http://127.0.0.1:{self.port}{referer}"
        if ajax:
            headers["X-Requested-With"] = "XMLHttpRequest"
            headers["X-CSRFToken"] = self.cookies.get("csrftoken", "")
        body = None
        if files:
            headers["Content-Type"], body = _multipart(fields or [], files)
        elif method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields or [], doseq=True).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(self.address, 0))
        try:
            connection.request(method, path, body, headers)
            got = connection.getresponse()
            answer = Answer(got.status, got.headers, got.read())
        finally:
            connection.close()
        for cookie in got.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";", 1)[0].partition("=")
            if value in ("", '""'):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        if expect is not None and answer.status != expect:
            raise Refused(f"{method} {path} answered {answer.status}, not {expect}: {answer.errors()} {answer.text[:400]}")
        return answer

    def get(self, path, expect=200):
        return self.request("GET", path, expect=expect)

    def post(self, path, fields, expect=None):
        """A button that a page's script presses: the token goes in a header."""
        return self.request("POST", path, list(fields.items()), ajax=True, expect=expect)

    def submit(self, path, values, having=(), files=None, expect=None, ajax=False, page=None):
        """Opens the page, fills in its form and sends it. A form that comes back with errors is an exception."""
        form = (page or self.get(path)).form("csrfmiddlewaretoken", *having)
        answer = self.request("POST", path, form.filled(values), files, referer=path, ajax=ajax)
        if answer.errors() or (expect is not None and answer.status != expect):
            raise Refused(f"POST {path} answered {answer.status} (expected {expect}): {answer.errors()} {answer.text[:300]}")
        return answer


def _multipart(fields, files):
    boundary = "----veritrail-test-boundary"
    parts = []
    for name, value in fields:
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for name, (filename, content) in files.items():
        kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}\r\n\r\n'.encode() + content + b"\r\n")
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"--{boundary}--\r\n".encode()

"""What members of the demo company have set up: kept searches and a service account. `demo-data.py URL SIGNINS`"""

import json
import sys
import urllib.request

url, signins = sys.argv[1], json.load(open(sys.argv[2]))


class Member:
    """Signed in over the API, like the pages."""

    def __init__(self, role):
        self.cookie = None
        self.id = self.call("POST", "/session", signins[role])["member"]["id"]

    def call(self, method, path, body):
        headers = {"Content-Type": "application/json", "X-Veritrail": "1"} | ({"Cookie": self.cookie} if self.cookie else {})
        request = urllib.request.Request(f"{url}/api/v1{path}", json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            given = answer.headers.get("Set-Cookie")
            self.cookie = given.split(";")[0] if given else self.cookie
            return json.loads(answer.read() or "null")


analyst, administrator = Member("analyst"), Member("administrator")
for name, query, sharing in [
    ("Failed sign-ins of the week", "from=-7d&filter=outcome:failure", "everyone"),
    ("Exports of more than 1,000 rows", "from=-30d&min_rows=1000", "role"),
    ("Service desk, today", "from=-24h&q=desk", "private"),
]:
    kept = analyst.call("POST", "/searches", {"name": name, "query": query, "columns": [], "sharing": sharing})
    if sharing == "role":
        analyst.call("PUT", f"/searches/{kept['id']}/delivery", {"every": "week", "weekday": 1, "hour": 6, "format": "csv"})
account = administrator.call("POST", "/service-accounts", {"name": "siem-export", "owner": analyst.id})
token = {"name": "nightly", "operations": ["alerts.list", "events.search"], "days": 90}
analyst.call("POST", f"/service-accounts/{account['id']}/tokens", token)

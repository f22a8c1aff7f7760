"""Acts on records: made, read, changed, linked, listed, exported, refused, thrown away."""
import json
from urllib.parse import urlencode

import people
from people import WEB, sign_in, wizard
from stage import event

CREATE, READ, UPDATE, DELETE, EXPORT, OTHER = 1, 2, 3, 4, 7, 99
EMPLOYED = "persons-subject_employed_by"
EMPLOYS = "persons-object_employed_by"


def history(kind, activity, actor, object_type, record, label, **more):
    """A line of Creme's history. Kinds: `creme_core/models/history.py`, TYPE_*."""
    stated = {"vendor_type": f"historyline.{kind}", "actor": actor, "object_type": object_type, "label": label, **more}
    return event("historyline", WEB, activity, **stated, **({"record": record} if record else {}))


def requested(browser, path, actor, **more):
    """A page that Creme keeps no trace of: its request in the access log."""
    stated = {"vendor_type": "access.request", "address": browser.address, "agent": browser.agent, "actor": actor, **more}
    return event("access_log", WEB, OTHER, **stated) if "object_type" in more else event("access_log", WEB, OTHER, object_type="page", label=path, **stated)


class Office:
    """One user's hands on records."""

    def __init__(self, stage, name):
        self.stage, self.name, self.browser = stage, name, stage.browsers[name]

    def act(self, text):
        return self.stage.act(f"{self.name} {text}", self.name)

    def make(self, kind, path, values, label, having, files=None):
        with self.act(f"makes the {kind} {label}") as act:
            answer = self.browser.submit(path, values, having=[having], files=files, expect=302)
            id = int(answer.location.rstrip("/").split("/")[-1])
            act.becomes(history(1, CREATE, self.name, kind, id, label))
        return id

    def contact(self, first, last, **values):
        return self.make("contact", "/persons/contact/add", {"first_name": first, "last_name": last, **values}, f"{first} {last}", "last_name")

    def opens(self, kind, path, label, stream, note=""):
        id = int(path.split("/")[-1])
        with self.stage.act(f"{self.name} opens the {kind} {label}{note}", self.name, of=f"{self.name}'s last view of {id}") as act:
            self.browser.get(path)
            act.becomes(event(stream, WEB, READ, actor=self.name, object_type=kind, record=id, label=label, rows=1))

    def edits(self, text, kind, path, id, label, values, changes, having, custom=None):
        with self.act(text) as act:
            self.browser.submit(path, values, having=[having], expect=302)
            if changes:
                act.becomes(history(2, UPDATE, self.name, kind, id, label, changes=changes))
            if custom:
                act.becomes(history(15, UPDATE, self.name, kind, id, label, changes=custom))

    def throws(self, kind, id, label):
        with self.act(f"moves the {kind} {label} to the trash") as act:
            self.browser.post(f"/creme_core/entity/delete/{id}", {})
            act.becomes(history(14, DELETE, self.name, kind, id, label))

    def deletes(self, kind, id, label, *further):
        with self.act(f"deletes the {kind} {label} for good") as act:
            self.browser.post(f"/creme_core/entity/delete/{id}", {})
            act.becomes(history(3, DELETE, self.name, kind, id, label), *further)

    def exports(self, kind, model, view, rows, doc_type="csv"):
        ctype = self.stage.ctype(model)
        hfilter, title = self.stage.database.rows("SELECT id, name FROM creme_core_headerfilter WHERE id = ?", view)[0]
        with self.act(f"exports the list of {kind}s as {doc_type}: {rows} rows") as act:
            query = urlencode({"ct_id": ctype, "hfilter": hfilter, "type": doc_type, "sort_key": "", "sort_order": ""})
            answer = self.browser.request("GET", f"/creme_core/mass_export?{query}")
            assert answer.status in (200, 302), answer.text[:200]
            if doc_type == "csv":
                lines = [line for line in answer.text.splitlines() if line.strip()]
                assert len(lines) == rows + 1, f"{len(lines)} lines were exported, {rows} and a header expected"
            act.becomes(history(20, EXPORT, self.name, model, f"list/{model}", title, rows=rows))
        return answer


def work(stage, ids):
    """A day's work of dana, whose role is Sales, and omar, who may only read."""
    root, dana, omar = Office(stage, "root"), Office(stage, "dana"), Office(stage, "omar")
    ctype = stage.ctype("contact")
    with root.act("adds the custom field Tier to contacts") as act:
        path = "/creme_config/custom_fields/wizard/first_creation"
        wizard(root.browser, path, {"0-name": "Tier", "0-content_type": str(ctype), "0-field_type": "10"}, {})
        # Creme keeps no history of its configuration.
        act.becomes(requested(root.browser, path, "root"))
    tier = stage.database.one("SELECT id FROM creme_core_customfield WHERE name = 'Tier'")
    with root.act("adds the property 'is a key account'") as act:
        root.browser.submit("/creme_config/property_type/add", {"text": "is a key account", "subject_ctypes": str(ctype)}, having=["text"], ajax=True, expect=200)
        act.becomes(requested(root.browser, "/creme_config/property_type/add", "root"))
    key_account = stage.database.one("SELECT id FROM creme_core_cremepropertytype WHERE text = 'is a key account'")

    mara = dana.contact("Mara", "Oduya", phone="030 1")
    dana.opens("contact", f"/persons/contact/{mara}", "Mara Oduya", "imprint")
    ivo = dana.contact("Ivo", "Lang")
    edit = f"/persons/contact/edit/{mara}"
    dana.edits(
        "changes Mara's phone and gives her an address for mail", "contact", edit, mara, "Mara Oduya", {"phone": "030 2", "email": "mara@example.org"},
        [["phone", "030 1", "030 2"], ["email", None, "mara@example.org"]], "last_name",
    )
    custom = f"custom_field-{tier}"
    dana.edits("writes 'gold' into Mara's empty field Tier", "contact", edit, mara, "Mara Oduya", {custom: "gold"}, [], "last_name", [[f"custom_field/{tier}", None, "gold"]])
    dana.edits(
        "changes Tier from gold to silver and the phone in one form", "contact", edit, mara, "Mara Oduya", {custom: "silver", "phone": "030 3"},
        [["phone", "030 2", "030 3"]], "last_name", [[f"custom_field/{tier}", "gold", "silver"]],
    )
    with dana.act("saves Mara's form without a change") as act:
        dana.browser.submit(edit, {}, having=["last_name"], expect=302)
        act.becomes(requested(dana.browser, edit, "dana", object_type="page"))
    omar.opens("contact", f"/persons/contact/{mara}", "Mara Oduya", "imprint")
    works = dana.make("organisation", "/persons/organisation/add", {"name": "Lang & Söhne"}, "Lang & Söhne", "name")
    dana.opens("organisation", f"/persons/organisation/{works}", "Lang & Söhne", "last_viewed")
    path = f"/creme_core/relation/add/{ivo}/{EMPLOYED}"
    with dana.act("says that Ivo is employed by Lang & Söhne") as act:
        link = [{"rtype": EMPLOYED, "ctype": str(stage.ctype("organisation")), "entity": str(works)}]
        dana.browser.submit(path, {"relations": json.dumps(link)}, having=["relations"], ajax=True, expect=200)
        act.becomes(history(6, UPDATE, "dana", "contact", ivo, "Ivo Lang"), history(7, UPDATE, "dana", "organisation", works, "Lang & Söhne"))
    with dana.act("takes that back") as act:
        relation = stage.database.one("SELECT id FROM creme_core_relation WHERE subject_entity_id = ? AND type_id = ?", ivo, EMPLOYED)
        dana.browser.post("/creme_core/relation/delete", {"id": relation})
        act.becomes(history(8, UPDATE, "dana", "contact", ivo, "Ivo Lang"), history(9, UPDATE, "dana", "organisation", works, "Lang & Söhne"))
    # In the middle of the day: what is changed back later can be told apart by then.
    people.rights_given(stage, ids)
    stage.rotate("rename")
    with dana.act("marks Mara as a key account") as act:
        dana.browser.submit(f"/creme_core/property/add/{mara}", {"types": str(key_account)}, having=[], ajax=True, expect=200)
        act.becomes(history(5, UPDATE, "dana", "contact", mara, "Mara Oduya"))
    with dana.act("takes the mark off again") as act:
        dana.browser.post("/creme_core/property/delete_from_type", {"entity_id": mara, "ptype_id": key_account})
        act.becomes(history(13, UPDATE, "dana", "contact", mara, "Mara Oduya"))
    with dana.act("adds an address to Mara") as act:
        dana.browser.submit(f"/persons/address/add/{mara}", {"name": "Home", "city": "Lund"}, having=["city"], ajax=True, expect=200)
        act.becomes(history(10, UPDATE, "dana", "contact", mara, "Mara Oduya"))
    address = stage.database.one("SELECT id FROM persons_address WHERE object_id = ?", mara)
    with dana.act("changes the city of that address") as act:
        dana.browser.submit(f"/persons/address/edit/{address}", {"city": "Malmö"}, having=["city"], ajax=True, expect=200)
        act.becomes(history(11, UPDATE, "dana", "contact", mara, "Mara Oduya", changes=[["city", "Lund", "Malmö"]]))
    with dana.act("removes that address") as act:
        dana.browser.post(f"/creme_core/entity/delete_related/{stage.ctype('address')}", {"id": address})
        act.becomes(history(12, UPDATE, "dana", "contact", mara, "Mara Oduya"))
    with dana.act("changes one field of Ivo in place") as act:
        dana.browser.submit(f"/creme_core/entity/edit/inner/{ctype}/{ivo}?cell=regular_field-phone", {"phone": "040 1"}, having=["phone"], ajax=True, expect=200)
        act.becomes(history(2, UPDATE, "dana", "contact", ivo, "Ivo Lang", changes=[["phone", None, "040 1"]]))
    with dana.act("sets the mobile number of Mara and Ivo at once") as act:
        path = f"/creme_core/entity/update/bulk/{ctype}/field/regular_field-mobile"
        dana.browser.submit(path, {"mobile": "0171 5", "entities": [str(mara), str(ivo)]}, having=["mobile"], ajax=True, expect=200)
        for id, label in [(mara, "Mara Oduya"), (ivo, "Ivo Lang")]:
            act.becomes(history(2, UPDATE, "dana", "contact", id, label, changes=[["mobile", None, "0171 5"]]))
    dana.opens("contact", f"/persons/contact/{mara}", "Mara Oduya", "last_viewed", " again within the hour")
    with stage.act("dana opens the organisation Lang & Söhne twice in a row", "dana", of=f"dana's last view of {works}") as act:
        dana.browser.get(f"/persons/organisation/{works}")
        dana.browser.get(f"/persons/organisation/{works}")
        # The second view overwrites the first: one event is certain, two are luck.
        act.becomes(event("last_viewed", WEB, READ, actor="dana", object_type="organisation", record=works, label="Lang & Söhne", rows=1, at_most=2))
    with stage.act("dana copies Ivo", "dana", of="the copy") as act:
        dana.browser.post("/creme_core/entity/clone", {"id": ivo})
        copy = stage.database.one("SELECT MAX(cremeentity_ptr_id) FROM persons_contact WHERE last_name = 'Lang'")
        act.becomes(history(1, CREATE, "dana", "contact", copy, "Ivo Lang"))
    folder, shelf = stage.database.rows("SELECT cremeentity_ptr_id, title FROM documents_folder ORDER BY 1")[0]
    table = {"filedata": ("people.csv", b'"Nora","Quist"\n"Per","Falk"\n')}
    list_ = dana.make("document", "/documents/document/add", {"title": "People", "linked_folder": str(folder)}, f"{shelf} - People", "title", table)
    with dana.act("imports two contacts from that file") as act:
        path = f"/creme_core/mass_import/{ctype}"
        page = dana.browser.submit(path, {"document": str(list_)}, having=["document"], expect=200)
        dana.browser.submit(path, {"first_name_colselect": "1", "last_name_colselect": "2"}, having=["last_name_colselect"], page=page, expect=302)
        # A job does it, a moment later, in the name of the user.
        stage.until("SELECT 2 - count(*) FROM persons_contact WHERE last_name IN ('Quist', 'Falk')")
        act.done()
        stage.jobs_done()
        act.becomes(*[history(1, CREATE, "dana", "contact", None, label) for label in ["Nora Quist", "Per Falk"]])

    with dana.act("looks at the list of contacts") as act:
        dana.browser.get("/persons/contacts")
        act.becomes(requested(dana.browser, "/persons/contacts", "dana"))
    with dana.act("searches for 'Oduya'") as act:
        dana.browser.get("/creme_core/search?research=Oduya")
        act.becomes(requested(dana.browser, "/creme_core/search", "dana"))
    with dana.act("reads Mara's fields as JSON, without opening her page") as act:
        dana.browser.get(f"/creme_core/relation/entity/{mara}/json?fields=id&fields=unicode")
        act.becomes(requested(dana.browser, f"/creme_core/relation/entity/{mara}/json", "dana"))
    contacts = stage.database.one("SELECT count(*) FROM persons_contact c JOIN creme_core_cremeentity e ON e.id = c.cremeentity_ptr_id WHERE e.is_deleted = ?", False)
    organisations = stage.database.one("SELECT count(*) FROM persons_organisation")
    dana.exports("contact", "contact", "persons-hf_contact", contacts)
    dana.exports("organisation", "organisation", "persons-hf_organisation", organisations, "scsv")
    with dana.act("saves Mara as a visiting card") as act:
        dana.browser.get(f"/vcfs/{mara}/generate_vcf")
        stated = {"actor": "dana", "address": dana.browser.address, "agent": dana.browser.agent}
        act.becomes(event("access_log", WEB, EXPORT, object_type="contact", record=mara, **stated))
    report = stage.database.one("SELECT cremeentity_ptr_id FROM reports_report WHERE name = 'Opportunities'")
    with dana.act("looks at the preview of the report Opportunities") as act:
        dana.browser.get(f"/reports/export/preview/{report}?doc_type=csv&date_field=")
        act.becomes(event("access_log", WEB, READ, object_type="report", record=report, **stated))
        # Creme counts a preview as a view of the report.
        act.becomes(event("last_viewed", WEB, READ, actor="dana", object_type="report", record=report, label="Opportunities", rows=1))
    with dana.act("exports the report Opportunities") as act:
        answer = dana.browser.get(f"/reports/export/{report}?doc_type=csv&date_field=")
        act.becomes(event("access_log", WEB, EXPORT, object_type="report", record=report, bytes=len(answer.body), **stated))
    files = {"filedata": ("price list.txt", b"nothing but invented prices\n")}
    document = dana.make("document", "/documents/document/add", {"title": "Price list", "linked_folder": str(folder)}, f"{shelf} - Price list", "title", files)
    file = stage.database.one("SELECT filedata FROM documents_document WHERE cremeentity_ptr_id = ?", document)
    with omar.act("downloads the file of the document Price list") as act:
        got = omar.browser.get(f"/creme_core/download/{stage.ctype('document')}/{document}/filedata")
        assert got.body == files["filedata"][1], f"{file} came as {got.body[:60]}"
        stated = {"actor": "omar", "address": omar.browser.address, "agent": omar.browser.agent}
        act.becomes(event("access_log", WEB, READ, object_type="file", record=f"file/{stage.ctype('document')}/{document}", **stated))
    return {"mara": mara, "ivo": ivo, "works": works, "report": report, "document": document, "tier": tier, "copy": copy}


def refused(stage, ids, kept):
    """What omar may not do. Creme's history knows nothing of it."""
    omar = Office(stage, "omar")
    stated = {"outcome": "failure", "actor": "omar", "address": omar.browser.address, "agent": omar.browser.agent}

    def denied(text, activity, method, path, fields=None):
        with omar.act(text) as act:
            omar.browser.request(method, path, fields, ajax=method == "POST", expect=403)
            act.becomes(event("access_log", WEB, activity, object_type="page", label=path.split("?")[0], **stated))

    # omar's password was set by root: his old session ended with it.
    stage.browsers["omar"].cookies.clear()
    sign_in(stage, "omar")
    query = urlencode({"ct_id": stage.ctype("contact"), "hfilter": "persons-hf_contact", "type": "csv"})
    denied("tries to export the list of contacts", EXPORT, "GET", f"/creme_core/mass_export?{query}")
    denied("tries to open Mara's form", READ, "GET", f"/persons/contact/edit/{kept['mara']}")
    denied("tries to change Mara all the same", UPDATE, "POST", f"/persons/contact/edit/{kept['mara']}", [("last_name", "Changed")])
    denied("tries to delete Ivo", UPDATE, "POST", f"/creme_core/entity/delete/{kept['ivo']}", [])
    denied("tries to make a contact", READ, "GET", "/persons/contact/add")
    denied("tries to look at the accounts", READ, "GET", "/creme_config/user/portal/")
    denied("tries to make himself a superuser", UPDATE, "POST", f"/creme_config/user/edit/{ids['omar']}", [("roles", "")])
    with omar.act("tries to export a report") as act:
        omar.browser.request("GET", f"/reports/export/{kept['report']}?doc_type=csv&date_field=", expect=403)
        act.becomes(event("access_log", WEB, EXPORT, object_type="report", record=kept["report"], **stated))


def trashed(stage, kept):
    """Into the trash, out of it, and in again; and a merge, which needs none."""
    dana = Office(stage, "dana")
    ivo, mara, works, copy = kept["ivo"], kept["mara"], kept["works"], kept["copy"]
    # Apart: a record made and gone between two looks is known by its name only.
    with stage.act("dana merges the copy into Ivo", "dana", of="the copy") as act:
        merge = f"/creme_core/entity/merge?id1={ivo}&id2={copy}"
        dana.browser.submit(merge, {}, having=["last_name_merged"], expect=302)
        # The merged record goes at once, without the trash; what was found equal leaves no line.
        # Which of two namesakes that was, Creme's line does not say.
        act.becomes(history(3, DELETE, "dana", "contact", None, "Ivo Lang"))
    dana.throws("contact", ivo, "Ivo Lang")
    with dana.act("takes Ivo out of the trash again") as act:
        dana.browser.post(f"/creme_core/entity/restore/{ivo}", {})
        act.becomes(history(14, UPDATE, "dana", "contact", ivo, "Ivo Lang"))
    dana.throws("contact", ivo, "Ivo Lang")
    dana.throws("contact", mara, "Mara Oduya")
    dana.throws("organisation", works, "Lang & Söhne")
    stage.changed("the trash")


def erased(stage, kept):
    """The final deletion, after which Creme's own history names the records no more; then acts below Creme."""
    dana = Office(stage, "dana")
    ivo, mara, works = kept["ivo"], kept["mara"], kept["works"]
    # The trash is what tells later which record a deletion was about: it must have been seen with its record's id.
    stage.keep_apart("the trash")
    dana.deletes("contact", ivo, "Ivo Lang")
    # With the record go its custom fields, of which Creme writes a line after the deletion's own.
    emptied = history(15, UPDATE, "dana", "contact", mara, "Mara Oduya", changes=[[f"custom_field/{kept['tier']}", "silver", None]])
    dana.deletes("contact", mara, "Mara Oduya", emptied)
    with dana.act("empties the trash, in which an organisation lies") as act:
        dana.browser.get("/creme_core/entity/trash/empty")
        dana.browser.post("/creme_core/entity/trash/empty", {}, expect=200)
        # A job does it, a moment later.
        stage.until("SELECT count(*) FROM persons_organisation WHERE cremeentity_ptr_id = ?", works)
        act.done()
        stage.jobs_done()
        act.becomes(history(3, DELETE, "dana", "organisation", works, "Lang & Söhne"))
    gone = stage.database.one("SELECT count(*) FROM creme_core_historyline WHERE entity_id IN (?, ?, ?)", mara, ivo, works)
    gone += stage.database.one("SELECT count(*) FROM creme_core_imprint WHERE entity_id IN (?, ?, ?)", mara, ivo, works)
    stage.say({"sought": "what Creme still has of the deleted records: history lines and imprints with their ids", "found": gone})
    with stage.act("Someone reads all contacts straight from the database") as act:
        stage.database.rows("SELECT * FROM persons_contact")
        act.nothing("below Creme: no table and no log changes")
    with stage.act("Someone changes a contact straight in the database") as act:
        stage.database.connection.execute("UPDATE persons_contact SET phone = '0' WHERE last_name = 'Haddad'")
        act.nothing("below Creme: the contact's own table changes and nothing else")

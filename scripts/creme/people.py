"""Acts about who may do what: sign-ins, accounts, roles, teams, passwords."""
from stage import Stage, event

LOGIN, LOGOUT, USERS, ROLES = "/creme_login", "/creme_logout", "/creme_config/user", "/creme_config/role"
# OCSF 1.5.0 classes.
ACCOUNT, AUTHENTICATION, ACCESS, GROUP, WEB = 3001, 3002, 3005, 3006, 6001


def signs_in(browser, name, password):
    """True when the form was accepted. A refused form comes back with status 200."""
    page = browser.get(LOGIN)
    form = page.form("csrfmiddlewaretoken", "username", "password")
    return browser.request("POST", LOGIN, form.filled({"username": name, "password": password}), referer=LOGIN).status == 302


def sign_in(stage, name):
    browser = stage.browsers[name]
    with stage.act(f"{name} signs in", name) as act:
        assert signs_in(browser, name, password(name)), f"{name} should be let in"
        act.becomes(event("access_log", AUTHENTICATION, 1, actor=name, address=browser.address, agent=browser.agent))


def fail(stage, name, tried, word, why):
    browser = stage.browsers[name]
    with stage.act(f"{why}: '{tried}' is tried from {browser.address}", None) as act:
        assert not signs_in(browser, tried, word), f"{tried} should be refused"
        act.becomes(event("access_log", AUTHENTICATION, 1, outcome="failure", actor=None, address=browser.address, agent=browser.agent))


def sign_out(stage, name):
    browser = stage.browsers[name]
    with stage.act(f"{name} signs out", name) as act:
        browser.post(LOGOUT, {}, expect=302)
        act.becomes(event("access_log", AUTHENTICATION, 2, actor=name, address=browser.address, agent=browser.agent))


PASSWORDS = {"root": "root"}


def password(name):
    return PASSWORDS.setdefault(name, f"a long enough phrase of {name}")


def wizard(browser, path, *steps):
    """Fills the steps of a wizard one after the other; the last answer has no form."""
    page = browser.get(path)
    for step in steps:
        page = browser.submit(path, step, page=page, ajax=True, expect=200)
    return page


def role(stage, root, name, apps, listed, created, exports, rights):
    """`rights` as in Creme's form: view is always given with the others."""
    listable, creatable, exportable = ([str(stage.ctype(model)) for model in models] for models in (listed, created, exports))
    ticks = {f"6-can_{right}": "on" for right in rights}
    with stage.act(f"root makes the role {name}", "root", of=f"role {name}") as act:
        wizard(
            root,
            f"{ROLES}/wizard",
            {"0-name": name, "0-allowed_apps": apps},
            {},
            {"2-creatable_ctypes": creatable},
            {"3-listable_ctypes": listable},
            {"4-exportable_ctypes": exportable},
            {},
            {"6-set_type": "1", "6-ctype": "", "6-forbidden": "False", **ticks},
            {},
        )
        id = stage.database.one("SELECT id FROM creme_core_userrole WHERE name = ?", name)
        given = [["apps", None, app] for app in apps]
        for list_, models in (("listable", listed), ("creatable", created), ("exportable", exports)):
            given += [[list_, None, model] for model in models]
        given += [["credentials", None, "allow " + "+".join(["view", *rights]) + " all *"]]
        act.becomes(
            event("accounts", GROUP, 6, object_type="role", label=name, record=f"role/{id}"),
            event("accounts", GROUP, 1, object_type="role", label=name, record=f"role/{id}", changes=given),
        )
    return id


def user(stage, root, name, first, last, roles):
    """Creme makes the user's contact too, as an employee of the organisation that runs Creme."""
    with stage.act(f"root makes the user {name}" + ("" if roles else ", a superuser for want of a role"), "root", of=name) as act:
        ids = [str(stage.database.one("SELECT id FROM creme_core_userrole WHERE name = ?", role)) for role in roles]
        values = {"username": name, "last_name": last, "first_name": first, "email": f"{name}@example.org", "roles": ids}
        root.submit(f"{USERS}/add", {**values, "password_1": password(name), "password_2": password(name)}, having=["username"], ajax=True, expect=200)
        id = stage.database.one("SELECT id FROM creme_core_cremeuser WHERE username = ?", name)
        contact = stage.database.one("SELECT cremeentity_ptr_id FROM persons_contact WHERE is_user_id = ?", id)
        organisation, title = stage.database.rows("SELECT cremeentity_ptr_id, name FROM persons_organisation WHERE is_managed = ?", True)[0]
        rights = [["roles", None, role] for role in roles] or [["is_superuser", None, True]]
        act.becomes(
            event("accounts", ACCOUNT, 1, object_type="user", label=name, record=id),
            *[event("accounts", ACCESS, 1, object_type="user", label=name, record=id, changes=[right]) for right in rights],
            event("historyline", WEB, 1, vendor_type="historyline.1", actor="root", object_type="contact", label=f"{first} {last}", record=contact),
            event("historyline", WEB, 3, vendor_type="historyline.6", actor="root", object_type="contact", label=f"{first} {last}", record=contact),
            event("historyline", WEB, 3, vendor_type="historyline.7", actor="root", object_type="organisation", label=title, record=organisation),
        )
    return id


def set_roles(stage, root, text, id, name, roles, changes, switched=None):
    """`changes`: activity (1 given, 2 taken) and the change itself, for each right that the account gains or loses. `switched`: the
    role that is in force now, of all it holds, where that changes too."""
    with stage.act(text, "root", of=name) as act:
        ids = [str(stage.database.one("SELECT id FROM creme_core_userrole WHERE name = ?", role)) for role in roles]
        root.submit(f"{USERS}/edit/{id}", {"roles": ids}, having=["displayed_name"], ajax=True, expect=200)
        act.becomes(*[event("accounts", ACCESS, activity, object_type="user", label=name, record=id, changes=[change]) for activity, change in changes])
        act.becomes(*[event("accounts", ACCOUNT, 99, object_type="user", label=name, record=id, changes=[change]) for change in [switched] if change])


def arrive(stage: Stage):
    """Everybody gets a browser and an address; the right and the wrong sign-ins; roles and accounts are made."""
    for number, name in enumerate(["root", "dana", "omar", "vera"]):
        stage.browser(name, f"127.0.0.{21 + number}")
    root = stage.browsers["root"]
    fail(stage, "root", "root", "not the password", "A wrong password")
    with stage.act("The name 'nightingale-4711' is tried: is it written down anywhere?", None) as act:
        assert not signs_in(root, "nightingale-4711", "whatever")
        act.becomes(event("access_log", AUTHENTICATION, 1, outcome="failure", actor=None, address=root.address, agent=root.agent))
    places = stage.database.holds("nightingale-4711") + stage.logs.holds("nightingale-4711")
    stage.say({"sought": "the name tried in a failed sign-in", "found_in": places})
    sign_in(stage, "root")
    seen = ["contact", "organisation", "document", "report", "opportunity"]
    apps = ["persons", "documents", "reports", "opportunities"]
    role(stage, root, "Sales", apps, seen, seen[:3], ["contact", "organisation", "opportunity"], ["change", "delete", "link", "unlink"])
    role(stage, root, "Readers", ["persons", "documents"], ["contact", "organisation"], [], [], [])
    ids = {
        "dana": user(stage, root, "dana", "Dana", "Weiss", ["Sales"]),
        "omar": user(stage, root, "omar", "Omar", "Haddad", ["Readers"]),
        "vera": user(stage, root, "vera", "Vera", "Stone", []),
    }
    sign_in(stage, "dana")
    fail(stage, "omar", "omar", "guess", "A wrong password")
    sign_in(stage, "omar")
    return ids


def rights_given(stage, ids):
    """Rights come. Creme keeps their state only, and names nobody who changed it."""
    root = stage.browsers["root"]
    dana, omar, vera = ids["dana"], ids["omar"], ids["vera"]
    set_roles(stage, root, "root gives dana the role Readers too", dana, "dana", ["Sales", "Readers"], [(1, ["roles", None, "Readers"])])
    with stage.act("root disables vera", "root", of="vera") as act:
        root.post(f"{USERS}/deactivate/{vera}", {}, expect=200)
        act.becomes(event("accounts", ACCOUNT, 5, object_type="user", label="vera", record=vera, changes=[["is_active", True, False]]))
    readers = stage.database.one("SELECT id FROM creme_core_userrole WHERE name = 'Readers'")
    set_roles(
        stage, root, "root makes omar a superuser by taking all his roles", omar, "omar", [],
        [(1, ["is_superuser", False, True]), (2, ["roles", "Readers", None])], ["role_id", readers, None],
    )
    fail(stage, "vera", "vera", password("vera"), "The right password of a disabled account")
    with stage.act("root makes the team North of dana and omar", "root", of="North") as act:
        root.submit("/creme_config/team/add", {"username": "North", "teammates": [str(dana), str(omar)]}, having=["username"], ajax=True, expect=200)
        north = stage.database.one("SELECT id FROM creme_core_cremeuser WHERE username = 'North'")
        act.becomes(event("accounts", ACCOUNT, 1, object_type="team", label="North", record=north))
        act.becomes(*[event("accounts", GROUP, 3, object_type="team", label="North", record=north, changes=[["teammates", None, n]]) for n in ["dana", "omar"]])


def rights_taken(stage, ids):
    """Rights go, and some accounts with them."""
    root = stage.browsers["root"]
    dana, omar, vera = ids["dana"], ids["omar"], ids["vera"]
    readers = stage.database.one("SELECT id FROM creme_core_userrole WHERE name = 'Readers'")
    north = stage.database.one("SELECT id FROM creme_core_cremeuser WHERE username = 'North'")
    set_roles(stage, root, "root takes the role Readers from dana again", dana, "dana", ["Sales"], [(2, ["roles", "Readers", None])])
    with stage.act("root enables vera again", "root", of="vera") as act:
        root.post(f"{USERS}/activate/{vera}", {}, expect=200)
        act.becomes(event("accounts", ACCOUNT, 2, object_type="user", label="vera", record=vera, changes=[["is_active", False, True]]))
    set_roles(
        stage, root, "root makes omar a plain reader again", omar, "omar", ["Readers"],
        [(2, ["is_superuser", True, False]), (1, ["roles", None, "Readers"])], ["role_id", None, readers],
    )
    with stage.act("root lets Readers change every contact", "root", of="role Readers") as act:
        contact = str(stage.ctype("contact"))
        form = {"0-set_type": "1", "0-ctype": contact, "0-forbidden": "False", "0-can_view": "on", "0-can_change": "on"}
        wizard(root, f"{ROLES}/add_credentials/{readers}", form, {})
        line = "allow view+change all contact"
        act.becomes(event("accounts", GROUP, 1, object_type="role", label="Readers", record=f"role/{readers}", changes=[["credentials", None, line]]))
    with stage.act("root takes omar out of the team North", "root", of="North") as act:
        root.submit(f"/creme_config/team/edit/{north}", {"teammates": [str(dana)]}, having=["username"], ajax=True, expect=200)
        act.becomes(event("accounts", GROUP, 4, object_type="team", label="North", record=north, changes=[["teammates", "omar", None]]))
    with stage.act("root sets omar's password", "root", of="omar") as act:
        new = "another phrase for omar"
        values = {"old_password": password("root"), "password_1": new, "password_2": new}
        root.submit(f"{USERS}/edit/password/{omar}", values, having=["old_password"], ajax=True, expect=200)
        people_password = event("access_log", ACCOUNT, 4, actor="root", object_type="user", record=omar, address=root.address, agent=root.agent)
        # The hash is out of the connector's sight; that the row was written is not.
        act.becomes(people_password, event("accounts", ACCOUNT, 99, object_type="user", label="omar", record=omar, changes=[]))
        PASSWORDS["omar"] = new
    with stage.act("root takes the right to change contacts from Readers", "root", of="role Readers") as act:
        line = stage.database.one("SELECT MAX(id) FROM creme_core_setcredentials WHERE role_id = ?", readers)
        root.post(f"{ROLES}/delete_credentials", {"id": line}, expect=200)
        taken = [["credentials", "allow view+change all contact", None]]
        act.becomes(event("accounts", GROUP, 2, object_type="role", label="Readers", record=f"role/{readers}", changes=taken))
    with stage.act("root deletes the account of vera, dana inherits her records", "root", of="vera") as act:
        root.submit(f"{USERS}/delete/{vera}", {"to_user": str(dana)}, having=["to_user"], ajax=True, expect=200)
        act.becomes(event("accounts", ACCOUNT, 6, object_type="user", label="vera", record=vera))


def own(stage, ids):
    """A password of one's own, and a role nobody needs."""
    dana, root = stage.browsers["dana"], stage.browsers["root"]
    with stage.act("dana changes her own password", "dana", of="dana") as act:
        new = "a new phrase dana thought of"
        values = {"old_password": password("dana"), "new_password1": new, "new_password2": new}
        dana.submit("/creme_core/auth/password/own/change", values, having=["old_password"], expect=302)
        own = event("access_log", ACCOUNT, 3, actor="dana", object_type="user", record=ids["dana"], address=dana.address, agent=dana.agent)
        act.becomes(own, event("accounts", ACCOUNT, 99, object_type="user", label="dana", record=ids["dana"], changes=[]))
        PASSWORDS["dana"] = new
    with stage.act("root deletes the role of regular users, which nobody holds", "root", of="role Regular user") as act:
        id = stage.database.one("SELECT id FROM creme_core_userrole WHERE name = 'Regular user'")
        root.submit(f"{ROLES}/delete/{id}", {}, ajax=True, expect=200)
        # A job does it, a moment later.
        stage.until("SELECT count(*) FROM creme_core_userrole WHERE id = ?", id)
        act.done()
        stage.jobs_done()
        act.becomes(event("accounts", GROUP, 5, object_type="role", label="Regular user", record=f"role/{id}"))


def leave(stage):
    """The way out."""
    dana = stage.browsers["dana"]
    sign_out(stage, "dana")
    with stage.act("dana's browser asks for her contacts after signing out", None) as act:
        dana.get("/persons/contacts", expect=302)
        act.becomes(event("access_log", WEB, 99, actor=None, object_type="page", label="/persons/contacts", address=dana.address, agent=dana.agent))
    sign_in(stage, "dana")
    sign_out(stage, "dana")
    sign_out(stage, "omar")
    sign_out(stage, "root")

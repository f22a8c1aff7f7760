"""Settings of the Creme that tests start: everything of one instance lies below CREME_INSTANCE, built media below CREME_BUILT."""
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from creme.settings import *  # noqa: F403

BUILT = Path(os.environ["CREME_BUILT"])
INSTANCE = Path(os.environ["CREME_INSTANCE"])

SECRET_KEY = "for tests only, of a server that lives for minutes and listens on loopback"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
LANGUAGE_CODE = "en"
# Not UTC on purpose: the access log then carries an offset, as it does in most offices.
TIME_ZONE = "Europe/Berlin"
SITE_DOMAIN = "http://127.0.0.1"

url = urlsplit(os.environ["CREME_DATABASE"])
if url.scheme == "sqlite":
    # Creme's own installations wait for locks too; the default of 5 s is Python's.
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": url.path, "OPTIONS": {"timeout": 20}}}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path.lstrip("/"),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": url.hostname,
            "PORT": url.port or 5432,
        }
    }

MEDIA_ROOT = INSTANCE / "upload"
STATIC_ROOT = BUILT / "static"
GENERATED_MEDIA_NAMES_FILE = BUILT / "creme_media_names.py"
GENERATED_MEDIA_NAMES_MODULE = "creme_media_names"
JOBMANAGER_BROKER = f"unix_socket://{INSTANCE}/broker/"

LOGGING["handlers"]["file"] = {  # noqa: F405
    "level": "INFO",
    "class": "logging.FileHandler",
    "formatter": "verbose",
    "filename": INSTANCE / "log" / "creme.log",
}
LOGGING["loggers"][""] = {"handlers": ["console", "file"], "level": "INFO"}  # noqa: F405

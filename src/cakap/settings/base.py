"""Django's settings for every deployment; what differs comes through `reader`."""

from __future__ import annotations

from pathlib import Path

import dj_database_url

from cakap.settings.reader import read_configuration, secret_key

CONFIGURATION = read_configuration()
PACKAGE = Path(__file__).parents[1]
DATA = CONFIGURATION.data
SECRET_KEY = secret_key(DATA)
DEBUG = CONFIGURATION.debug
# The certificate of the authority that the machines of the room are told to trust; None: a public one.
CAKAP_AUTHORITY = DATA / "tls" / "ca.pem" if CONFIGURATION.own_authority else None
CAKAP_DASK, CAKAP_PROXY = CONFIGURATION.dask, CONFIGURATION.proxy
CAKAP_SIGN_INS = CONFIGURATION.sign_ins
ALLOWED_HOSTS = list(CONFIGURATION.hosts)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "cakap.audit",
    "cakap.policy",
    "cakap.jobs",
    "cakap.ui",
    "cakap.accounts",
    "cakap.registry",
    "cakap.itembank",
    "cakap.programmes",
    "cakap.delivery",
    "cakap.centre",
    "cakap.scoring",
    "cakap.results",
    "cakap.talent",
    "cakap.placement",
    "cakap.selection",
    "cakap.web",
    # After our own: where both have a template, ours is meant.
    "allauth",
    "allauth.account",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cakap.ui.middleware.strict_content",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "cakap.ui.middleware.BoundBodies",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "cakap.ui.middleware.AnswerRefusals",
]
ROOT_URLCONF = "cakap.web.urls"
WSGI_APPLICATION = "cakap.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cakap.web.navigation.navigation",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "cakap.ui.templatetags.cakap",
            ],
        },
    }
]

DATABASES = {"default": dj_database_url.parse(CONFIGURATION.database_url, conn_max_age=300)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        ),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Several workers see one cache, so it is a table.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cakap_cache",
        # Beyond the most a third is thrown out: with Django's 300 whoever guesses for enough others
        # would push the counts out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "cakap.accounts.adapter.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
# An address that nobody has gets no mail, and the page says the same.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_FORMS = {
    "change_password": "cakap.accounts.password_forms.ChangePasswordForm",
    "reset_password": "cakap.accounts.password_forms.ResetPasswordForm",
    "reset_password_from_key": "cakap.accounts.password_forms.ResetPasswordKeyForm",
}
CAKAP_SENDS_MAIL = bool(CONFIGURATION.mail_host)
EMAIL_HOST, EMAIL_PORT = CONFIGURATION.mail_host, CONFIGURATION.mail_port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = CONFIGURATION.mail_user, CONFIGURATION.mail_password
EMAIL_USE_TLS = CONFIGURATION.mail_security == "starttls"
EMAIL_USE_SSL = CONFIGURATION.mail_security == "tls"
EMAIL_TIMEOUT = 15  # seconds
if CONFIGURATION.mail_from:
    DEFAULT_FROM_EMAIL = CONFIGURATION.mail_from
# Wrong passwords and PINs are counted by cakap.accounts.guesses: by where they come from. Mails to an
# address are counted by cakap.accounts.password_forms: whoever asks for too many holds up nobody else.
ACCOUNT_RATE_LIMITS = dict.fromkeys(
    ("login", "login_failed", "reset_password", "reset_password_from_key"), ""
)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "web:home"

LANGUAGE_CODE = CONFIGURATION.language
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = CONFIGURATION.time_zone
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "cakap.ui.storage.HashedFiles"},
}
MEDIA_ROOT = DATA / "files"
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 2**20
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIGURATION.https
if CONFIGURATION.https:
    SECURE_SSL_REDIRECT = True
    # For this name alone: which other names of the domain are served, and how, is not ours to say. With
    # an authority of the site's own nothing is promised: the room's next server may have none.
    SECURE_HSTS_SECONDS = 0 if CONFIGURATION.own_authority else 31536000
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # subdomains and preload: see above
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}

"""All settings of the product, from the environment; every variable is described in docs/operations.md."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
import structlog
from django.core.exceptions import ImproperlyConfigured
from environs import Env

from centers.values import languages
from config import databases, email_url, services
from config.demo_mode import NoDemoHere, at_home, is_demo
from config.logs import formatter
from config.web.connections import CONNECTIONS, usual_processes

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(str(BASE_DIR / ".env"), recurse=False)

# --- Core -----------------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY", "") or services.secret("SECRET_KEY", "secret-key")
# First key encrypts, all keys decrypt: see docs/operations.md on rotating them.
FIELD_KEYS = env.list("FIELD_KEYS", []) or [services.secret("FIELD_KEYS", "field-key")]
# Signs what is sent to browsers by push: a P-256 private key, 32 bytes as URL-safe base64. Without one, push is off.
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", "") or services.embedded_secret("vapid-key")
PORT = env.int("PORT", 8000)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", ".localhost"])
SITE_URL = env.str("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
try:
    DEMO = is_demo(env.str("MARKAZ_DEMO", "0"), SITE_URL)
    DEBUG = at_home("DEBUG", env.bool("DEBUG", False), SITE_URL)
    TESTING = at_home("MARKAZ_TESTING", env.bool("MARKAZ_TESTING", False), SITE_URL)
except NoDemoHere as refusal:
    raise ImproperlyConfigured(str(refusal)) from refusal
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [SITE_URL])
SANDBOX_URL = env.str("MARKAZ_SANDBOX_URL", "")
#: How long a phone must stay connected before its pairing link is used up: WhatsApp undoes some scans immediately.
PAIRING_HOLD = timedelta(minutes=env.int("PAIRING_HOLD_MINUTES", 5))
# Hosts inside our own network at which owners may have their MazBot; all others must be public.
MAZBOT_INTERNAL_HOSTS = frozenset(map(str.lower, env.list("MAZBOT_INTERNAL_HOSTS", [])))
# Likewise for webhooks, Apprise and push services: `host`, or `host:port` for that port alone.
OUTBOUND_INTERNAL_HOSTS = frozenset(map(str.lower, env.list("OUTBOUND_INTERNAL_HOSTS", [])))
# The clock may be moved only where no customer is billed by it.
CLOCK_MAY_MOVE = DEMO or TESTING

#: The development stack: demo data, its clock, embedded servers. The production image does not have it.
DEVSTACK = (BASE_DIR / "devstack" / "apps.py").is_file()

INSTALLED_APPS = [
    *(["devstack"] if DEVSTACK else []),
    "config",
    "billing",
    "whatsapp",
    "centers",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_scopes",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_structlog",
]

MIDDLEWARE = [
    "config.web.redirects.EndlessRedirectMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.web.middleware.StaticFiles",
    "config.metrics.MetricsMiddleware",
    "config.web.compression.CompressionMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "centers.web.middleware.LanguageMiddleware",
    "config.web.middleware.RequestSizeMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "centers.web.toasts.ToastMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "centers.web.middleware.SeenSessionsMiddleware",
    "centers.web.middleware.PrivatePagesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

_FILES = ["config.web.template_loader.Loader", "django.template.loaders.app_directories.Loader"]
# The partials' loader must be the outermost: inside the cached one it is never asked for "page.html#part".
_KEPT: Any = _FILES if DEBUG else [("django.template.loaders.cached.Loader", _FILES)]
_LOADERS = [("template_partials.loader.Loader", _KEPT)]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "centers.web.context.page",
            ],
            "builtins": [
                "template_partials.templatetags.partials",
                "centers.templatetags.markaz",
                "whatsapp.templatetags.number_badges",
            ],
            "loaders": _LOADERS,
        },
    }
]

# --- Data -----------------------------------------------------------------------------------------
DATABASE_URL = services.database_url()
REDIS_URL = services.redis_url()
# Connections that the threads of a worker share; they give them back while they wait for MazBot. 0: no pool, as in all
# other processes: those of `jobs` fork.
DB_POOL_SIZE = env.int("DB_POOL", 16)
DB_POOL = DB_POOL_SIZE if "--pool=threads" in sys.argv else 0
DATABASES = {
    "default": {
        **env.dj_db_url("DATABASE_URL", DATABASE_URL),
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "TEST": {"NAME": env.str("MARKAZ_TEST_DB", "test_markaz")},
    }
}
DATABASES["default"].setdefault("OPTIONS", {})["application_name"] = "markaz"
if DB_POOL:
    databases.pooled(DATABASES["default"], DB_POOL)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "config.cache.ValkeyCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "markaz"},
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# --- People ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "centers.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "centers.tenancy.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
# What is typed there is read as in our own forms: digits of any script, no unseen marks, no control characters.
ACCOUNT_FORMS = {
    "login": "centers.tenancy.sign_in_forms.SignInForm",
    "reset_password": "centers.tenancy.sign_in_forms.PasswordLostForm",
}
PASSWORD_RESET_TIMEOUT = 4 * 3600
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/300s/key",
    "reset_password": "20/m/ip,5/m/key",
    "reported_payment": "60/h/ip,20/h/key",  # the key is the invoice
}
# A person's list of devices shows when each was last seen (recorded by centers/web/middleware.py).
USERSESSIONS_TRACK_ACTIVITY = True
MFA_ADAPTER = "centers.tenancy.sign_in.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = False
MFA_FORMS = {
    "authenticate": "centers.tenancy.sign_in_forms.FactorForm",
    "reauthenticate": "centers.tenancy.sign_in_forms.FactorAgainForm",
    "activate_totp": "centers.tenancy.sign_in_forms.AuthenticatorForm",
    "add_webauthn": "centers.tenancy.sign_in_forms.NewKeyForm",
    "edit_webauthn": "centers.tenancy.sign_in_forms.KeyNameForm",
}
# allauth keeps no addresses here: User.email_proven_at says whether one was proven, and without that no factor can be
# set up (config/urls.py).
MFA_ALLOW_UNVERIFIED_EMAIL = True
# How long the reset of a lost second factor waits after its warning mail.
SECOND_FACTOR_RESET_HOURS = env.int("SECOND_FACTOR_RESET_HOURS", 48)
if not 24 <= SECOND_FACTOR_RESET_HOURS <= 168:
    raise ImproperlyConfigured("SECOND_FACTOR_RESET_HOURS must be from 24 to 168.")
MFA_TOTP_ISSUER = "Markaz"

# --- Language and time ----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = languages.labels()
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files ---------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.web.static_files.NodeModulesFinder",
    "config.web.static_files.BundleFinder",
]
NODE_MODULES = env.path("NODE_MODULES", BASE_DIR / "node_modules")
BUNDLES = BASE_DIR / ".local" / "bundles"
# After `collectstatic` (the Docker image) files have hashed names and are cached permanently; without it they are
# served from their source folders, as `make run` does.
COLLECTED = (STATIC_ROOT / "staticfiles.json").is_file()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "config.web.static_files.HashedFiles"
        if COLLECTED or "collectstatic" in sys.argv
        else "config.web.static_files.SourceFiles"
    },
}
WHITENOISE_USE_FINDERS = not COLLECTED
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 60 if not COLLECTED else 600

# --- Security -------------------------------------------------------------------------------------
HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", HTTPS)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if env.bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Sign-in limits count per client address: the one our proxy saw, or all clients would share the proxy's.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
CSRF_FAILURE_VIEW = "config.web.error_pages.csrf_failed"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
# Of a whole request with its files; the largest file that a form accepts has 5 MB.
MAX_REQUEST_BYTES = 6 * 1024 * 1024
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- The web processes -------------------------------------------------------------------------------
WEB_THREADS = env.int("WEB_THREADS", 8)
# Read by config.web, which starts the processes; here for `check --deploy`.
WEB_CONNECTIONS = env.int("WEB_CONNECTIONS", CONNECTIONS)
WEB_PROCESSES = env.int("WEB_PROCESSES", usual_processes())
LIVE_LIMITS: dict[str, Any] = {
    "streams": env.int("LIVE_STREAMS", 5000),
    "per_tenant": env.int("LIVE_STREAMS_PER_TENANT", 2500),
    "per_client": env.int("LIVE_STREAMS_PER_CLIENT", 100),
    "behind_proxy": env.bool("BEHIND_PROXY", False),
}
# /metrics answers requests from the machine itself, or with this token.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# --- MazBot -----------------------------------------------------------------------------------------
# Logins per minute of all accounts at the same MazBot together.
MAZBOT_LOGINS_PER_MINUTE = env.int("MAZBOT_LOGINS_PER_MINUTE", 60)
# What one worker of the sweep holds: requests under way at once (a thread each, about 0.1 MB), and accounts.
SWEEP_SENDERS = env.int("SWEEP_SENDERS", 256)
SWEEP_ACCOUNTS = env.int("SWEEP_ACCOUNTS", 400)
# Seconds that lie at least between two checks of a number, however high the account's limit.
SWEEP_GAP_SECONDS = env.float("SWEEP_GAP_SECONDS", 15.0)

# --- The operator, who is notified by config/watchdog ---------------------------------------------------
OPERATOR_EMAILS: list[str] = list(filter(None, env.list("OPERATOR_EMAILS", [])))
# Addresses of the operator's own choice; the second is called while all is well.
OPERATOR_WEBHOOK = env.str("OPERATOR_WEBHOOK", "")
HEARTBEAT_URL = env.str("HEARTBEAT_URL", "")
# A file, or a folder whose newest file counts.
BACKUP_PATH = env.str("BACKUP_PATH", "")
BACKUP_HOURS = env.float("BACKUP_HOURS", 26.0)
WATCHDOG_SECONDS = env.float("WATCHDOG_SECONDS", 30.0)
WATCHDOG_REPEAT_HOURS = env.float("WATCHDOG_REPEAT_HOURS", 6.0)
# Heartbeats come every 30 s and live for 150 s.
WATCHDOG_QUEUE_MINUTES = env.float("WATCHDOG_QUEUE_MINUTES", 5.0)
WATCHDOG_DISKS: list[Path] = list(map(Path, filter(None, env.list("WATCHDOG_DISKS", [])))) or [BASE_DIR]
WATCHDOG_DISK_PERCENT = env.int("WATCHDOG_DISK_PERCENT", 90)

# --- Mail -----------------------------------------------------------------------------------------
# Proves that events of bounces come from the provider: it calls https://markaz:SECRET@.../hooks/mail/.
EMAIL_WEBHOOK_SECRET = env.str("EMAIL_WEBHOOK_SECRET", "")
EMAIL_CONFIG = email_url.read(env.str("EMAIL_URL", ""), webhook_secret=EMAIL_WEBHOOK_SECRET)
globals().update(EMAIL_CONFIG)
EMAIL_PROVIDER: str = EMAIL_CONFIG["EMAIL_PROVIDER"]
ANYMAIL: dict[str, Any] = EMAIL_CONFIG.get("ANYMAIL", {})
if EMAIL_PROVIDER:
    INSTALLED_APPS.append("anymail")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "") or "Markaz <no-reply@markaz.example>"

# --- Jobs -----------------------------------------------------------------------------------------
CELERY = {
    "broker_url": REDIS_URL,
    "result_backend": None,
    "task_ignore_result": True,
    "task_acks_late": True,
    # A task whose process died is redelivered, but not endlessly: the task may be the cause. Three deliveries, then it
    # fails; a tick enqueues again what is still due. If publishing fails, the message goes back to its queue.
    "task_retry_on_worker_lost": True,
    "task_reject_on_worker_lost": True,
    "task_annotations": {"*": {"max_retries": 2, "default_retry_delay": 2}},
    "worker_prefetch_multiplier": 1,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_default_queue": "metering",
    "task_create_missing_queues": True,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {"visibility_timeout": 900, "global_keyprefix": "markaz:"},
    "worker_hijack_root_logger": False,
    "worker_send_task_events": False,
    "task_soft_time_limit": 600,
    "task_time_limit": 720,
    "timezone": "UTC",
}
# A worker touches it every few seconds while it can take tasks; "" for none.
ALIVE_FILE = env.str("ALIVE_FILE", "")
# Seconds between two ticks of each job; the tick itself decides from the database what is due.
TICK_SECONDS = env.float("MARKAZ_TICK_SECONDS", 10.0)

# --- Logs -----------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": formatter(as_json=env.bool("LOG_JSON", False))},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django_structlog": {"level": "WARNING"},
        # Refusals are logged in one line by centers.tenancy.access; Django would add a traceback to each.
        "django.request": {"level": "ERROR"},
        # A line for every tick would hide everything else.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # Its plugins log each failure, which the delivery log has, and could name a token of the destination.
        "apprise": {"level": "CRITICAL"},
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
if SENTRY_DSN := env.str("SENTRY_DSN", ""):
    from config import error_reports

    error_reports.start(SENTRY_DSN)

# The image of web, worker, jobs and beat: prepared by the same script as `make run`, without the embedded servers.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
RUN useradd --system --uid 10001 --home-dir /app markaz
WORKDIR /app

# Of the development stack only what prepares an environment. First what changes seldom. npm comes from a hashed wheel, as on any machine without one.
COPY package.json package-lock.json .npmrc ./
COPY requirements requirements
COPY devstack/bootstrap.py devstack/bootstrap.py
RUN python3 -I devstack/bootstrap.py base
ENV PATH="/app/.venv/bin:${PATH}"

COPY . .
# Settings want addresses and keys; nothing connects to them and nothing keeps them.
RUN DATABASE_URL=postgres://build/build REDIS_URL=redis://build \
    SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
    FIELD_KEYS="$(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
    python manage.py collectstatic --no-input \
    && mkdir -p state && chown markaz state

USER markaz
EXPOSE 8000
CMD ["python", "-m", "config.web", "--host", "0.0.0.0", "--port", "8000"]

"""The main job, shown: a fresh Debian host becomes one that serves a stack over TLS, and is asked as a visitor would."""

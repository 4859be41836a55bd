"""Notices: what people are told about releases, and whom a host tells. Pure; sending is the host's."""

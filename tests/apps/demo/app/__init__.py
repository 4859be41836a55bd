"""The demo application: notes, photos and jobs, small but with every kind of service a stack has."""

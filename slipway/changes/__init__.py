"""What differs between the stack that serves and the one that is wanted, in words for people. Pure; runs on hosts."""

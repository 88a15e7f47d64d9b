# Tries: look like a sandbox that could not start, so that nobody counts the failure.
import os

os._exit(254)

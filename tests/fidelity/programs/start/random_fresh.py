import random, secrets, uuid, tempfile, os
print(random.random() != random.random(), len(secrets.token_hex()), uuid.uuid4().version)
print(len(os.urandom(4)), tempfile.gettempdir(), os.path.dirname(tempfile.mkdtemp()))

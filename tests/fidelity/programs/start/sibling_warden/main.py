import warden, serve, frames
print(warden.__file__, warden.value, serve.value, frames.value)
